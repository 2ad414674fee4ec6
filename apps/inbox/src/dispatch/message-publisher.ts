import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TOPICS } from '@parley/contracts/envelope';
import type { Settings } from '@parley/contracts/settings';
import type { KafkaGate } from '@parley/lifecycle-log/kafka-gate';
import { messageRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Publisher } from '@parley/lifecycle-log/publisher';
import type { Database } from '@parley/persistence/database';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';
import { DATABASE, FRESH, HEARD, KAFKA_GATE, PUBLISHER } from '../parts.js';
import { EVERYBODY, Turns } from '../turns.js';
import { MessageRow } from './message.entity.js';
import { saidOf } from './said.js';
import { Wakeable } from './wakeable.js';

const A_BATCH = 500;
const SWEEP_MS = 3_000;
const TURN = 'message-publisher';
/** Longer than one send may take; a publisher that was killed or frozen holds the others up so long. */
const TURN_S = 15;

/**
 * That something was said, to `conversation.messages.v1`: the message's own row is the outbox. One replica at a time
 * publishes, in the order of the decisions; one that was frozen says at worst again what another has said (harmless:
 * the same id and number).
 */
@Injectable()
export class MessagePublisher implements OnApplicationBootstrap {
  readonly #loop: Wakeable;
  readonly #stopping = new AbortController();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(PUBLISHER) private readonly publisher: Publisher,
    @Inject(KAFKA_GATE) private readonly gate: KafkaGate,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly turns: Turns,
    private readonly shutdown: Shutdown,
  ) {
    this.#loop = new Wakeable(SWEEP_MS, (error) => this.log.warn({ err: error }, 'messages are not published yet'));
  }

  onApplicationBootstrap(): void {
    this.database.listen(HEARD.unpublished, () => this.#loop.wake());
    this.shutdown.on('workers', async () => {
      this.#stopping.abort();
      await this.#loop.stop();
      await this.turns.giveUp(EVERYBODY, TURN);
    });
    this.#loop.start(() => this.#publishSome());
  }

  /** Whether there is more. */
  async #publishSome(): Promise<boolean> {
    if (!this.gate.isUp()) await this.gate.whenUp(this.#stopping.signal);
    const { messages, isFull } = await this.#waiting();
    if (messages.length === 0 || !(await this.turns.take(EVERYBODY, TURN, TURN_S))) return false;
    const recordedtime = new Date().toISOString();
    const records = messages.flatMap(saidOf).map((said) => messageRecord(said, recordedtime, this.settings.PUBLIC_URL));
    await this.publisher.publish(TOPICS.messages, records);
    await this.#markPublished(messages);
    return isFull;
  }

  /** Those whose turn it is: one that was said elsewhere may still be missing before them, and readers count by number. */
  #waiting(): Promise<{ messages: MessageRow[]; isFull: boolean }> {
    return this.database.acrossTenants(async (em) => {
      const order = { decidedAt: 'asc', threadId: 'asc', messageNumber: 'asc' } as const;
      const rows = await em.find(MessageRow, { state: 'placed' }, { ...FRESH, orderBy: order, limit: A_BATCH });
      if (rows.length === 0) return { messages: [], isFull: false };
      const published = await em.execute<{ id: string; last: number }[]>(
        `select conversation_id as id, max(message_number) as last from message
         where state = 'published' and tenant in (?) and conversation_id in (?) group by tenant, conversation_id`,
        [
          [...new Set(rows.map(({ tenant }) => tenant))],
          [...new Set(rows.map(({ conversationId }) => conversationId ?? ''))],
        ],
      );
      const messages = inTurn(rows, new Map(published.map(({ id, last }) => [id, last])));
      return { messages, isFull: rows.length === A_BATCH && messages.length > 0 };
    });
  }

  #markPublished(messages: readonly MessageRow[]): Promise<void> {
    return this.database.acrossTenants(async (em) => {
      for (const [tenant, some] of Map.groupBy(messages, (message) => message.tenant)) {
        const ids = some.map(({ id }) => id);
        await em.nativeUpdate(MessageRow, { tenant, id: { $in: ids }, state: 'placed' }, { state: 'published' });
      }
    });
  }
}

/** Of each conversation what follows its last published number without a hole. */
export function inTurn<M extends Pick<MessageRow, 'conversationId' | 'messageNumber'>>(
  rows: readonly M[],
  published: ReadonlyMap<string, number>,
): M[] {
  const last = new Map(published);
  return rows.filter(({ conversationId, messageNumber }) => {
    if (!conversationId || messageNumber !== (last.get(conversationId) ?? 0) + 1) return false;
    last.set(conversationId, messageNumber);
    return true;
  });
}
