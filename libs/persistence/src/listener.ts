import pg from 'pg';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Log } from '@parley/lifecycle-log/log';
import { CONNECT_MS, plainName } from './connection.js';

type Callback = (payload: string | null) => void;

const channelOf = (service: string, channel: string): string => `${service}_${plainName(channel)}`;

/** Heard by `listen` on every replica of this service once the transaction commits; at most 8,000 bytes. */
export async function notify(em: EntityManager, channel: string, payload = ''): Promise<void> {
  await em.execute(`select pg_notify(current_schema() || '_' || ?, ?)`, [plainName(channel), payload]);
}

const RECONNECT_FIRST_MS = 200;
const RECONNECT_LONGEST_MS = 2_000;
/** A dead connection that nobody closed is found by asking. */
const HEARTBEAT_MS = 10_000;

/** One dedicated connection for all channels of a service; it comes back by itself. */
export class Listener {
  private readonly callbacks = new Map<string, Set<Callback>>();
  private client: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private attempt = 0;
  private closed = false;
  private connecting: Promise<void> | undefined;

  constructor(
    private readonly url: string,
    private readonly service: string,
    private readonly log: Log,
  ) {}

  listen(channel: string, callback: Callback): { stop(): void } {
    const name = channelOf(this.service, channel);
    const known = this.callbacks.get(name) ?? new Set();
    this.callbacks.set(name, known.add(callback));
    if (this.client) void this.join(this.client, name, callback);
    else this.connecting ??= this.connect();
    return { stop: () => void known.delete(callback) };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.connecting;
    clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: CONNECT_MS,
      application_name: `${this.service} listener`,
      keepAlive: true,
    });
    const lost = (): void => void (this.client === client && this.reconnect());
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ channel, payload }) => this.tell(channel, payload ?? ''));
    try {
      await client.connect();
      for (const name of this.callbacks.keys()) await this.subscribe(client, name);
      this.client = client;
      this.attempt = 0;
      this.heartbeat(client);
      for (const name of this.callbacks.keys()) this.tell(name, null);
    } catch (error) {
      client.end().catch(() => undefined);
      this.log('info', 'database: not listening yet', { service: this.service, error: String(error) });
      this.retryLater();
    } finally {
      this.connecting = undefined;
    }
  }

  private async join(client: pg.Client, name: string, callback: Callback): Promise<void> {
    try {
      await this.subscribe(client, name);
      callback(null);
    } catch (error) {
      this.log('info', 'database: not listening yet', { channel: name, error: String(error) });
      if (this.client === client) this.reconnect();
    }
  }

  private async subscribe(client: pg.Client, name: string): Promise<void> {
    await client.query(`listen ${pg.escapeIdentifier(name)}`);
  }

  private heartbeat(client: pg.Client): void {
    this.timer = setTimeout(() => {
      if (this.client !== client) return;
      client.query('select 1').then(
        () => this.heartbeat(client),
        () => this.reconnect(),
      );
    }, HEARTBEAT_MS).unref();
  }

  private reconnect(): void {
    const old = this.client;
    this.client = undefined;
    old?.end().catch(() => undefined);
    this.retryLater();
  }

  private retryLater(): void {
    if (this.closed) return;
    clearTimeout(this.timer);
    const wait = Math.min(RECONNECT_LONGEST_MS, RECONNECT_FIRST_MS * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 10);
    this.timer = setTimeout(() => {
      this.connecting ??= this.connect();
    }, wait).unref();
  }

  private tell(name: string, payload: string | null): void {
    for (const callback of this.callbacks.get(name) ?? []) callback(payload);
  }
}
