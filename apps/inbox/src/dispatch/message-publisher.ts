import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TOPICS } from '@parley/contracts/envelope';
import type { Settings } from '@parley/contracts/settings';
import type { KafkaGate } from '@parley/lifecycle-log/kafka-gate';
import { messageRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Publisher } from '@parley/lifecycle-log/publisher';
import type { Database, Statements } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';
import { DATABASE, HEARD, KAFKA_GATE, PUBLISHER } from '../parts.js';
import { EVERYBODY, Turns } from '../turns.js';
import { type Said, saidOf } from './said.js';
import { Wakeable } from '../wakeable.js';

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
      await this.database.acrossTenants((em) => notify(em, HEARD.unpublished));
    });
    this.#loop.start(() => this.#publishSome());
  }

  /** Whether there may be more: what followed these in their threads. */
  async #publishSome(): Promise<boolean> {
    if (!this.gate.isUp()) await this.gate.whenUp(this.#stopping.signal);
    const messages = await nextToPublish(this.database.statementsAcross(), A_BATCH);
    if (messages.length === 0 || !(await this.turns.take(EVERYBODY, TURN, TURN_S))) return false;
    const recordedtime = new Date().toISOString();
    const records = messages.flatMap(saidOf).map((said) => messageRecord(said, recordedtime, this.settings.PUBLIC_URL));
    await this.publisher.publish(TOPICS.messages, records);
    await this.#markPublished(messages);
    return true;
  }

  async #markPublished(messages: readonly Said[]): Promise<void> {
    const named = messages.map(({ tenant, id }) => ({ tenant, id }));
    await this.database.statementsAcross().execute(
      `update message set state = 'published' from jsonb_to_recordset(?::jsonb) as named (tenant text, id text)
       where message.tenant = named.tenant and message.id = named.id and state = 'placed'`,
      [JSON.stringify(named)],
    );
  }
}

/**
 * The first of each thread, unless the number before it is still missing: one that was said elsewhere comes by another
 * way, and readers count by number. It holds up its own thread and no other.
 */
export async function nextToPublish(database: Statements, limit: number): Promise<Said[]> {
  const rows = await database.execute<Row>(
    `select tenant, id, thread_id as "threadId", conversation_id as "conversationId", author, agent_id as "agentId",
       length, after_sequence as "afterSequence", message_number as "messageNumber", decided_at as "decidedAt",
       accepted_at as "acceptedAt", channel_account as "channelAccount"
     from message as first where state = 'placed'
       and not exists (
         select 1 from message as earlier
         where earlier.tenant = first.tenant and earlier.thread_id = first.thread_id and earlier.state = 'placed'
           and (earlier.decided_at, earlier.message_number) < (first.decided_at, first.message_number))
       and (message_number = 1 or exists (
         select 1 from message as before
         where before.tenant = first.tenant and before.conversation_id = first.conversation_id
           and before.message_number = first.message_number - 1 and before.state = 'published'))
     order by decided_at limit ?`,
    [limit],
  );
  return rows.map((row) => ({ ...row, decidedAt: new Date(row.decidedAt), acceptedAt: new Date(row.acceptedAt) }));
}

interface Row extends Omit<Said, 'decidedAt' | 'acceptedAt'> {
  decidedAt: string;
  acceptedAt: string;
}
