import pg from 'pg';
import type { KafkaRecord } from '@parley/lifecycle-log/kafka-record';
import { calm } from '@parley/lifecycle-log/log';
import type { Log } from '@parley/lifecycle-log/log';
import { backoffMs, pause } from '@parley/lifecycle-log/patience';
import { CONNECT_MS } from './connection.js';

export interface RelayOptions {
  url: string;
  service: string;
  publish(topic: string, records: KafkaRecord[]): Promise<void>;
  gate?: { whenUp(signal?: AbortSignal): Promise<void> } | undefined;
  log: Log;
}

interface Row {
  id: string;
  topic: string;
  key: string;
  value: string | null;
  headers: Record<string, string>;
}

const BATCH_ROWS = 200;
/** When no notification came, or one was missed. */
const FALL_BACK_MS = 1_000;
/** Every statement here is short; a database that takes longer is as good as away. */
const QUERY_MS = 5_000;

/**
 * Publishes outbox rows in the order of their ids, then deletes them. Everything happens on one dedicated connection,
 * whose session holds the lock of the one relay: whoever loses the connection has lost the lock too and can delete
 * nothing. Between publishing and deleting it may die: then the next one publishes again.
 */
export class OutboxRelay {
  readonly stopping = new AbortController();
  private wake = Promise.withResolvers<void>();

  private readonly calmly: Log;

  constructor(private readonly options: RelayOptions) {
    this.calmly = calm(options.log);
  }

  async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const startedAt = Date.now();
      await this.session().catch((error: unknown) =>
        this.calmly('warn', 'outbox: begins anew', { service: this.options.service, error: String(error) }),
      );
      if (Date.now() - startedAt > 30_000) failures = 0;
      await pause(backoffMs(failures, 200, 5_000), signal);
    }
  }

  /** One connection, as long as it lasts. */
  private async session(): Promise<void> {
    const { url, service } = this.options;
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      application_name: `${service} outbox`,
      keepAlive: true,
    });
    const lost = new AbortController();
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    client.on('notification', () => this.wake.resolve());
    try {
      await client.connect();
      // A partner that vanished without a word frees the lock after some 25 s, not after hours.
      await client.query(`set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3;
        select set_config('parley.tenant', '*', false)`);
      await client.query(`listen ${pg.escapeIdentifier(`${service}_outbox`)}`);
      await this.relay(client, AbortSignal.any([this.stopping.signal, lost.signal]));
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async relay(client: pg.Client, signal: AbortSignal): Promise<void> {
    let leads = false;
    signal.addEventListener('abort', () => this.wake.resolve(), { once: true });
    while (!signal.aborted) {
      this.wake = Promise.withResolvers<void>();
      if (signal.aborted) return;
      leads ||= await this.takeLead(client);
      const moved = leads ? await this.relayBatch(client, signal) : 0;
      if (moved < BATCH_ROWS) await Promise.race([this.wake.promise, pause(FALL_BACK_MS, signal)]);
    }
  }

  private async takeLead(client: pg.Client): Promise<boolean> {
    const lock = await client.query<{ leads: boolean }>(
      `select pg_try_advisory_lock(hashtextextended(current_schema() || '/outbox', 0)) as leads`,
    );
    return lock.rows[0]?.leads === true;
  }

  private async relayBatch(client: pg.Client, signal: AbortSignal): Promise<number> {
    const { rows } = await client.query<Row>(
      `select id, topic, key, value, headers from outbox order by id limit ${BATCH_ROWS}`,
    );
    for (const [topic, some] of Map.groupBy(rows, (row) => row.topic)) {
      if (!(await this.published(topic, some.map(recordOf), signal))) return 0;
      await client.query('delete from outbox where id = any($1::bigint[])', [some.map((row) => row.id)]);
    }
    return rows.length;
  }

  /**
   * Tries until it is acknowledged, for nothing behind it may overtake; while Kafka is away it waits at the gate.
   * False when told to stop, or when the connection and with it the lock is lost.
   */
  private async published(topic: string, records: KafkaRecord[], signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.options.gate?.whenUp(signal);
        await this.options.publish(topic, records);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        this.calmly('warn', 'outbox: not published yet', { topic, attempt: attempt + 1, error: String(error) });
        await pause(backoffMs(attempt, 200, 5_000), signal);
      }
    }
    return false;
  }
}

/** The value's bytes were fixed when it was added; parsing keeps the order of its fields, so they come out the same. */
function recordOf({ key, value, headers }: Row): KafkaRecord {
  const parsed: unknown = value === null ? null : JSON.parse(value);
  return { key, value: typeof parsed === 'object' ? parsed : null, headers };
}
