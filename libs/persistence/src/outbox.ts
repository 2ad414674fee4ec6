import type { EntityManager } from '@mikro-orm/postgresql';
import { bytesOf, sizeOfRecord } from '@parley/lifecycle-log/kafka-record';
import type { KafkaRecord } from '@parley/lifecycle-log/kafka-record';
import { warningsOnly } from '@parley/lifecycle-log/log';
import type { Log } from '@parley/lifecycle-log/log';
import type { Database } from './database.js';
import { OutboxRelay } from './outbox-relay.js';

export const OUTBOX_CHANNEL = 'outbox';
/** Kafka takes 1 MB; a record near it would block everything behind it for ever. */
const RECORD_BYTES = 512 * 1024;

/**
 * Hands records over in the business transaction: published if and only if it commits, in order within a key. Each key
 * is locked until the transaction ends, so that the order of ids is the order of commits; call it last.
 */
export async function addToOutbox(em: EntityManager, topic: string, records: KafkaRecord[]): Promise<void> {
  // In one order of keys, lest two transactions wait for each other.
  for (const record of records.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))) {
    const value = bytesOf(record);
    if (sizeOfRecord(record, value) > RECORD_BYTES)
      throw new Error(`A record of ${topic} is larger than ${RECORD_BYTES} bytes.`);
    // The lock before the number, and the word with them: what is said twice in a transaction is heard once.
    await em.execute(
      `with added as (
         insert into outbox (topic, key, value, headers)
         select topic, key, value, headers from (
           select ? as topic, ? as key, ? as value, ?::json as headers,
                  pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || ? || '/' || ?, 0))) as locked
         returning 1)
       select pg_notify(current_schema() || '_${OUTBOX_CHANNEL}', '') from added`,
      [topic, record.key, value, JSON.stringify(record.headers), topic, record.key],
    );
  }
}

export interface OutboxOptions {
  /** Where to wait while Kafka is away (lifecycle-log's gate). */
  gate?: { whenUp(signal?: AbortSignal): Promise<void> };
  log?: Log;
}

export interface Outbox {
  /** Rows that wait to be published. */
  size(): Promise<number>;
  /** Finishes the batch in hand. */
  stop(): Promise<void>;
}

/** Every replica starts one; one of them relays, the others stand by. `publish` may be called again with the same records. */
export function startOutbox(
  database: Database,
  publish: (topic: string, records: KafkaRecord[]) => Promise<void>,
  { gate, log = warningsOnly }: OutboxOptions = {},
): Outbox {
  const relay = new OutboxRelay({ url: database.url, service: database.service, publish, gate, log });
  const running = relay.run();
  return {
    size: () =>
      database.acrossTenants(async (em) => {
        const [row] = await em.execute<{ size: string }[]>('select count(*) as size from outbox');
        return Number(row?.size);
      }),
    stop: async () => {
      relay.stopping.abort();
      await running;
    },
  };
}
