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
import { MessageRow } from './message.entity.js';
import { saidOf } from './said.js';
import { Wakeable } from './wakeable.js';

interface Claimed {
  tenant: string;
  id: string;
  publish_epoch: number;
}

const THREADS_A_BATCH = 200;
/** Longer than a send may take; then another replica takes the threads, and says the same again (harmless). */
const LEASE_S = 30;
const SWEEP_MS = 3_000;

/**
 * That something was said, to `conversation.messages.v1`: the message's own row is the outbox. In order per thread, for
 * a thread is published by one process at a time, by its positions; a repeat has the same id and number.
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
    private readonly shutdown: Shutdown,
  ) {
    this.#loop = new Wakeable(SWEEP_MS, (error) => this.log.warn({ err: error }, 'messages are not published yet'));
  }

  onApplicationBootstrap(): void {
    this.database.listen(HEARD.unpublished, () => this.#loop.wake());
    this.shutdown.on('workers', () => {
      this.#stopping.abort();
      return this.#loop.stop();
    });
    this.#loop.start(() => this.#publishSome());
  }

  /** Whether there may be more. */
  async #publishSome(): Promise<boolean> {
    if (!this.gate.isUp()) await this.gate.whenUp(this.#stopping.signal);
    const claimed = await this.#claim();
    if (claimed.length === 0) return false;
    const messages = await this.#messagesOf(claimed);
    if (messages.length > 0) await this.#publish(messages);
    await this.#settle(claimed, messages);
    return claimed.length === THREADS_A_BATCH;
  }

  #publish(messages: readonly MessageRow[]): Promise<void> {
    const recordedtime = new Date().toISOString();
    const records = messages.flatMap(saidOf).map((said) => messageRecord(said, recordedtime, this.settings.PUBLIC_URL));
    return this.publisher.publish(TOPICS.messages, records);
  }

  #claim(): Promise<Claimed[]> {
    return this.database.acrossTenants((em) =>
      em.execute<Claimed[]>(
        `with due as (
           select tenant, id from thread
           where unpublished and (publishing_until is null or publishing_until < now())
           limit ? for update skip locked)
         update thread set publish_epoch = publish_epoch + 1, publishing_until = now() + ? * interval '1 s'
         from due where thread.tenant = due.tenant and thread.id = due.id
         returning thread.tenant, thread.id, publish_epoch`,
        [THREADS_A_BATCH, LEASE_S],
      ),
    );
  }

  /** Those whose turn it is: one that was said elsewhere may still be missing before them, and readers count by number. */
  #messagesOf(claimed: readonly Claimed[]): Promise<MessageRow[]> {
    return this.database.acrossTenants(async (em) => {
      const rows = await em.find(
        MessageRow,
        { state: 'placed', $or: claimed.map(({ tenant, id }) => ({ tenant, threadId: id })) },
        { ...FRESH, orderBy: { tenant: 'asc', threadId: 'asc', decidedAt: 'asc', messageNumber: 'asc' } },
      );
      if (rows.length === 0) return [];
      const published = await em.execute<{ id: string; last: number }[]>(
        `select conversation_id as id, max(message_number) as last from message
         where state = 'published' and tenant in (?) and conversation_id in (?) group by tenant, conversation_id`,
        [
          [...new Set(rows.map(({ tenant }) => tenant))],
          [...new Set(rows.map(({ conversationId }) => conversationId))],
        ],
      );
      return inTurn(rows, new Map(published.map(({ id, last }) => [id, last])));
    });
  }

  /** Per thread, and only where the claim still holds: a process that was frozen changes nothing. */
  #settle(
    claimed: readonly Claimed[],
    messages: readonly Pick<MessageRow, 'tenant' | 'id' | 'threadId'>[],
  ): Promise<void> {
    return this.database.acrossTenants(async (em) => {
      for (const { tenant, id, publish_epoch } of claimed) {
        const [held] = await em.execute<unknown[]>(
          `update thread set publishing_until = null where tenant = ? and id = ? and publish_epoch = ? returning id`,
          [tenant, id, publish_epoch],
        );
        if (!held) continue;
        const ids = messages.filter((one) => one.tenant === tenant && one.threadId === id).map((one) => one.id);
        await em.nativeUpdate(MessageRow, { tenant, id: { $in: ids }, state: 'placed' }, { state: 'published' });
        await em.execute(
          `update thread set unpublished = exists (
             select 1 from message where tenant = ? and thread_id = ? and state = 'placed') where tenant = ? and id = ?`,
          [tenant, id, tenant, id],
        );
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
