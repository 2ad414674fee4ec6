import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { Author } from '@parley/contracts/conversation';
import { outsideMessageIdOf } from '@parley/contracts/identifiers';
import type { CapacityView, DeskChange } from '@parley/contracts/inbox-http';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf } from '@parley/domain/conversation';
import type { Database } from '@parley/persistence/database';
import { currentPosition } from '@parley/persistence/stream-position';
import type { StreamEvent, StreamSource } from '@parley/service/sse';
import { SERVICE_LOG, type ServiceLog } from '@parley/service/tokens';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { presented } from '../history/presented.js';
import { teamsOf } from '../history/scope.js';
import { ConversationRow } from '../lifecycle/conversation.entity.js';
import { DATABASE, FRESH, HEARD } from '../parts.js';
import { roomOf } from '../presence/presence.js';
import { isInPickingListOf, isOnPanelOf } from './desk.js';
import { DESK_STREAM } from './desk-changes.js';
import { DeskChangeRow } from './desk-change.entity.js';

/** A change with what it is about as it is now: a later state is as good, for each event says where a thing is. */
interface Seen {
  row: DeskChangeRow;
  position: string;
  state: Conversation | undefined;
  author: Author | undefined;
  rooms: Map<string, CapacityView>;
  tagName: (slug: string) => string;
}

interface Tail {
  /** Up to here the listeners were told; undefined until it is known where the stream stands. */
  last: string | undefined;
  listeners: Set<(seen: Seen) => void>;
  reading: Promise<void>;
}

const A_READ = 500;
const AGAIN_MS = 1_000;

/** The live stream of desks: one reader per tenant and process, however many screens look. */
@Injectable()
export class DeskFeed {
  readonly #tails = new Map<string, Tail>();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly configuration: ConfigurationStore,
  ) {
    database.listen(HEARD.desk, (tenant) => {
      const moved = tenant === null ? [...this.#tails.keys()] : [tenant];
      for (const one of moved) this.#hear(one);
    });
  }

  sourceFor(tenant: string, caller: Caller): StreamSource {
    return {
      subscribe: (listener) => this.#subscribe(tenant, (seen) => eventsFor(seen, caller).forEach(listener)),
      replay: (after) => this.#replay(tenant, caller, after),
      position: () => this.#begun(tenant),
    };
  }

  #subscribe(tenant: string, listener: (seen: Seen) => void): () => void {
    const tail = this.#tails.get(tenant) ?? this.#newTail(tenant);
    tail.listeners.add(listener);
    return () => {
      tail.listeners.delete(listener);
      if (tail.listeners.size === 0 && this.#tails.get(tenant) === tail) this.#tails.delete(tenant);
    };
  }

  #newTail(tenant: string): Tail {
    const tail: Tail = { last: undefined, listeners: new Set(), reading: Promise.resolve() };
    this.#tails.set(tenant, tail);
    return tail;
  }

  #hear(tenant: string): void {
    const tail = this.#tails.get(tenant);
    if (tail) void this.#read(tenant, tail);
  }

  /** One read after the other; what one that fails has not told is read again a moment later. */
  #read(tenant: string, tail: Tail): Promise<string> {
    const read = tail.reading.then(() => this.#readOn(tenant, tail));
    tail.reading = read.then(
      () => undefined,
      (error: unknown) => {
        this.log.warn({ err: error }, 'a desk stream could not be read');
        setTimeout(() => this.#hear(tenant), AGAIN_MS).unref();
      },
    );
    return read;
  }

  /** The first time it only learns where the stream stands. */
  async #readOn(tenant: string, tail: Tail): Promise<string> {
    let last = (tail.last ??= await this.#position(tenant));
    for (let more = true; more;) {
      const seen = await this.#seenAfter(tenant, last);
      for (const one of seen) for (const listener of tail.listeners) listener(one);
      tail.last = last = seen.at(-1)?.position ?? last;
      more = seen.length === A_READ;
    }
    return last;
  }

  /** Where the tail stands: what comes after it, its listeners are told. @throws while the database cannot say */
  async #begun(tenant: string): Promise<string> {
    const tail = this.#tails.get(tenant);
    if (!tail) return this.#position(tenant);
    await tail.reading;
    return tail.last ?? this.#read(tenant, tail);
  }

  /** Once the tail stands somewhere, for what comes between would be told by neither. */
  async #replay(tenant: string, caller: Caller, after: string): Promise<readonly StreamEvent[] | 'too-old'> {
    await this.#begun(tenant);
    const now = await this.#position(tenant);
    if (BigInt(after) === BigInt(now)) return [];
    const seen = await this.#seenAfter(tenant, after);
    const isWhole = seen.length < A_READ && seen[0]?.position === String(BigInt(after) + 1n);
    return isWhole ? seen.flatMap((one) => eventsFor(one, caller)) : 'too-old';
  }

  #position(tenant: string): Promise<string> {
    return this.database.inTenant(tenant, async (em) => String(await currentPosition(em, DESK_STREAM)));
  }

  async #seenAfter(tenant: string, after: string): Promise<Seen[]> {
    const { tagName } = await this.configuration.of(tenant);
    return this.database.inTenant(tenant, async (em) => {
      const rows = await em.find(
        DeskChangeRow,
        { tenant, position: { $gt: after } },
        { ...FRESH, orderBy: { position: 'asc' }, limit: A_READ },
      );
      const named = (key: 'conversationId' | 'messageId'): string[] => rows.flatMap((row) => row[key] ?? []);
      const conversations = await em.find(ConversationRow, { tenant, id: { $in: named('conversationId') } }, FRESH);
      const messages = await em.find(MessageRow, { tenant, id: { $in: named('messageId') } }, FRESH);
      const states = new Map(conversations.map(({ id, state }) => [id, state]));
      const authors = new Map(messages.map(({ id, author }) => [id, author]));
      const rooms = new Map<string, CapacityView>();
      for (const agent of new Set(rows.flatMap(({ kind, agents }) => (kind === 'capacity' ? agents : []))))
        rooms.set(agent, await roomOf(em, tenant, agent));
      return rows.map((row) => ({
        row,
        position: row.position ?? after,
        state: states.get(row.conversationId ?? ''),
        author: authors.get(row.messageId ?? ''),
        rooms,
        tagName,
      }));
    });
  }
}

function eventsFor(seen: Seen, caller: Caller): StreamEvent[] {
  const data = changeFor(seen, caller);
  return data ? [{ id: seen.position, event: data.kind, data }] : [];
}

/** What of it this agent may see, if anything. */
function changeFor({ row, state, author, rooms, tagName }: Seen, caller: Caller): DeskChange | undefined {
  if (row.kind === 'capacity') {
    const capacity = row.agents.includes(caller.id) ? rooms.get(caller.id) : undefined;
    return capacity && { kind: 'capacity', capacity };
  }
  if (!state) return undefined;
  const { conversationId, threadId } = state;
  if (row.kind === 'message') {
    const isMine = assigneeOf(state) === caller.id;
    return isMine && author && row.messageId
      ? { kind: 'message', conversationId, messageId: outsideMessageIdOf(threadId, row.messageId), author }
      : undefined;
  }
  const concerns = row.agents.includes(caller.id) || row.groups.some((group) => teamsOf(caller).includes(group));
  if (!concerns) return undefined;
  const onPanel = isOnPanelOf(state, caller.id);
  const inPickingList = isInPickingListOf(state, caller);
  const conversation = onPanel || inPickingList ? presented(state, caller, tagName) : null;
  return { kind: 'conversation', conversationId, onPanel, inPickingList, conversation };
}
