import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { LiveActivityChange, LiveActivityFilter } from '@parley/contracts/admin-http';
import type { Database } from '@parley/persistence/database';
import { currentPosition } from '@parley/persistence/stream-position';
import type { StreamEvent, StreamSource } from '@parley/service/sse';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { presented } from '../conversation/presented.js';
import { ConversationRow } from '../lifecycle/conversation.entity.js';
import { DATABASE } from '../parts.js';
import { LIVE_ACTIVITY } from './changes.js';
import { matching } from './live-activity.query.js';
import { onceWithinScope, scopeOf, withinScope } from './scope.js';

/** Who looks, and at what. */
export interface View {
  readonly tenant: string;
  readonly caller: Caller;
  readonly filter: LiveActivityFilter;
}

type Wake = () => void;

/** Beyond so many changes a screen loads its list anew sooner than it catches up. */
const MOST_MISSED = 500;
/** A notification may be lost with its connection: look all the same. */
const LOOK_MS = 1000;

/**
 * Live Activity as it changes. A position belongs to the newest change of each conversation, so what was missed is read
 * from the rows themselves and never too old, on any replica; only who missed very much begins anew.
 */
@Injectable()
export class LiveActivityFeed {
  readonly #wakes = new Map<string, Set<Wake>>();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly configuration: ConfigurationStore,
  ) {
    database.listen(LIVE_ACTIVITY, (tenant) => this.#wake(tenant));
  }

  sourceFor(view: View): StreamSource {
    return new ViewSource({
      position: () => this.database.inTenant(view.tenant, (em) => currentPosition(em, LIVE_ACTIVITY)),
      changedAfter: (position, limit) => this.#changedAfter(view, position, limit),
      onWake: (wake) => this.#onWake(view.tenant, wake),
    });
  }

  #onWake(tenant: string, wake: Wake): () => void {
    const wakes = this.#wakes.get(tenant) ?? new Set();
    this.#wakes.set(tenant, wakes.add(wake));
    return () => {
      wakes.delete(wake);
      if (wakes.size === 0) this.#wakes.delete(tenant);
    };
  }

  /** Null: something may have been missed, for anybody. */
  #wake(tenant: string | null): void {
    const woken = tenant === null ? [...this.#wakes.values()] : [this.#wakes.get(tenant) ?? new Set<Wake>()];
    for (const wakes of woken) for (const wake of wakes) wake();
  }

  /** What changed, in order; what the view no longer shows leaves it, and of what it never showed nothing is told. */
  async #changedAfter({ tenant, caller, filter }: View, position: bigint, limit: number): Promise<StreamEvent[]> {
    const scope = scopeOf(caller, 'live-activity');
    const changed = { tenant, position: { $gt: String(position) } };
    const { tagName } = await this.configuration.of(tenant);
    return this.database.inTenant(tenant, async (em) => {
      const rows = await em.find(
        ConversationRow,
        { $and: [changed, onceWithinScope(scope)] },
        { orderBy: { position: 'asc' }, limit, disableIdentityMap: true },
      );
      const ids = rows.map(({ id }) => id);
      const shown = await em.find(
        ConversationRow,
        { $and: [{ tenant, id: { $in: ids } }, withinScope(scope), ...matching(filter, new Date().toISOString())] },
        { fields: ['id'], disableIdentityMap: true },
      );
      const isShown = new Set(shown.map(({ id }) => id));
      return rows.flatMap((row) => (row.state ? [eventOf(row, isShown.has(row.id), caller, tagName)] : []));
    });
  }
}

function eventOf(
  row: ConversationRow,
  isShown: boolean,
  caller: Caller,
  tagName: (slug: string) => string,
): StreamEvent {
  const { id, position, state } = row;
  const data: LiveActivityChange =
    isShown && state
      ? { change: 'put', conversationId: id, conversation: presented(state, caller, tagName) }
      : { change: 'remove', conversationId: id };
  return { id: position ?? '0', event: 'conversation', data };
}

interface Rows {
  position(): Promise<number>;
  changedAfter(position: bigint, limit: number): Promise<StreamEvent[]>;
  onWake(wake: Wake): () => void;
}

/** One reader's way through the positions: silent until it knows where it stands, then everything after it, once. */
class ViewSource implements StreamSource {
  #last: bigint | undefined;
  #listener: (event: StreamEvent) => void = () => undefined;
  #pulling = false;
  #wokenMeanwhile = false;

  constructor(private readonly rows: Rows) {}

  subscribe(listener: (event: StreamEvent) => void): () => void {
    this.#listener = listener;
    const wake = (): void => void this.#pull();
    const forget = this.rows.onWake(wake);
    const looking = setInterval(wake, LOOK_MS);
    return () => {
      forget();
      clearInterval(looking);
    };
  }

  async position(): Promise<string> {
    const position = await this.rows.position();
    this.#standAt(BigInt(position));
    return String(position);
  }

  async replay(after: string): Promise<readonly StreamEvent[] | 'too-old'> {
    const position = BigInt(after);
    if (position > BigInt(await this.rows.position())) return 'too-old';
    const missed = await this.rows.changedAfter(position, MOST_MISSED + 1);
    if (missed.length > MOST_MISSED) return 'too-old';
    this.#standAt(BigInt(missed.at(-1)?.id ?? after));
    return missed;
  }

  /** What came while it was being found out is read at once. */
  #standAt(position: bigint): void {
    this.#last = position;
    void this.#pull();
  }

  /** One read at a time; whoever wakes us meanwhile makes one more. */
  async #pull(): Promise<void> {
    if (this.#last === undefined) return;
    this.#wokenMeanwhile = true;
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      while (this.#wokenMeanwhile) {
        this.#wokenMeanwhile = false;
        await this.#readOn();
      }
    } catch {
      // The database is away: the next look reads on from the same place.
      this.#wokenMeanwhile = false;
    } finally {
      this.#pulling = false;
    }
  }

  async #readOn(): Promise<void> {
    const changes = await this.rows.changedAfter(this.#last ?? 0n, MOST_MISSED);
    for (const change of changes) this.#listener(change);
    this.#last = BigInt(changes.at(-1)?.id ?? this.#last ?? 0n);
    if (changes.length === MOST_MISSED) this.#wokenMeanwhile = true;
  }
}
