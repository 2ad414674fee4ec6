import { MikroORM } from '@mikro-orm/postgresql';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { QueryResult } from 'pg';
import type { AnyEntity, EntityClass, EntitySchema, MigrationObject } from '@mikro-orm/core';
import { warningsOnly } from '@parley/lifecycle-log/log';
import type { Log } from '@parley/lifecycle-log/log';
import { boot } from './boot.js';
import * as limits from './connection.js';
import { Listener } from './listener.js';
import { COMMON_MIGRATIONS } from './tables.js';

export interface DatabaseOptions {
  /** Of the owner, who migrates; afterwards the service connects as its own role `parley_<service>`. */
  url: string;
  /** Also the schema's name: `inbox`. */
  service: string;
  /** PARLEY_SECRET. */
  secret: string;
  entities: (EntityClass<AnyEntity> | EntitySchema)[];
  migrations: MigrationObject[];
  poolMax?: number;
  log?: Log;
}

export interface Subscription {
  stop(): void;
}

/** SQL with `?` for its values, as `EntityManager.execute` takes it. */
export interface Statements {
  execute<R extends object>(sql: string, params?: unknown[]): Promise<R[]>;
}
/** Whatever a statement that answers nothing may be told to: statements, or a transaction that somebody else opened. */
export interface Executes {
  execute(sql: string, params?: unknown[]): Promise<unknown>;
}

export interface Database {
  readonly service: string;
  /** The runtime role's own URL, for a dedicated connection. */
  readonly url: string;
  /** One transaction that sees and writes only this tenant's rows. An error rolls it back. */
  inTenant<T>(tenant: string, work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** One transaction over all tenants: for folds, sweepers and relays, never on behalf of a caller. */
  acrossTenants<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /**
   * The same for what one statement does: one round trip instead of four. Of several, divided by `;`, each sees what the
   * one before it did, all are one transaction, and the rows are the last one's.
   */
  statements(tenant: string): Statements;
  statementsAcross(): Statements;
  /** Rejects within 2 s when the database is away. */
  ping(): Promise<void>;
  /** Payloads of `notify` on any replica; null as soon as it hears, and after each reconnect: look for what was missed. */
  listen(channel: string, callback: (payload: string | null) => void): Subscription;
  close(): Promise<void>;
}

const EVERY_TENANT = '*';
const TENANT = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u;

/**
 * Migrates, makes the runtime role and connects as it; several replicas may do so at once. Beside its own tables the
 * service gets `outbox`, `idempotency`, `stream_position` and `fold_position`.
 */
export const openDatabase = (options: DatabaseOptions): Promise<Database> =>
  openSchema({ ...options, migrations: [...COMMON_MIGRATIONS, ...options.migrations] });

/** The same without the common tables. */
export async function openSchema(options: DatabaseOptions): Promise<Database> {
  const { url: ownerUrl, service, secret, migrations, log = warningsOnly } = options;
  await boot({ url: ownerUrl, service, secret, migrations });
  const url = limits.runtimeUrl(ownerUrl, secret, service);
  const orm = await MikroORM.init({
    clientUrl: url,
    schema: service,
    entities: options.entities,
    discovery: { warnWhenNoEntities: false },
    pool: { min: 0, max: options.poolMax ?? limits.POOL_MAX, idleTimeoutMillis: limits.POOL_IDLE_MS },
    driverOptions: {
      application_name: limits.roleOf(service),
      connectionTimeoutMillis: limits.CONNECT_MS,
      stream: limits.impatientSocket,
      onPoolCreated: limits.healPool,
    },
    ensureDatabase: false,
    logger: (message) => log('info', `database: ${message}`),
    colors: false,
  });
  return new OrmDatabase(orm, service, url, new Listener(url, service, log));
}

class OrmDatabase implements Database {
  constructor(
    private readonly orm: MikroORM,
    readonly service: string,
    readonly url: string,
    private readonly listener: Listener,
  ) {}

  async inTenant<T>(tenant: string, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.transaction(checked(tenant), work);
  }

  acrossTenants<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.transaction(EVERY_TENANT, work);
  }

  statements(tenant: string): Statements {
    return { execute: async (sql, params) => this.atOnce(checked(tenant), sql, params) };
  }

  statementsAcross(): Statements {
    return { execute: (sql, params) => this.atOnce(EVERY_TENANT, sql, params) };
  }

  async ping(): Promise<void> {
    await this.orm.em.fork().execute('select 1');
  }

  listen(channel: string, callback: (payload: string | null) => void): Subscription {
    return this.listener.listen(channel, callback);
  }

  async close(): Promise<void> {
    await this.listener.close();
    await this.orm.close(true);
  }

  private async transaction<T>(tenant: string, work: (em: EntityManager) => Promise<T>): Promise<T> {
    const em = this.orm.em.fork({ clear: true });
    // Local to the transaction, in one statement right after BEGIN.
    em.setSessionContext({ variables: contextOf(tenant) });
    return em.transactional((inside) => work(inside));
  }

  /** Several statements in one message are one transaction (PostgreSQL, Simple Query); the first is local to it. */
  private async atOnce<R extends object>(tenant: string, sql: string, params: unknown[] = []): Promise<R[]> {
    const { em } = this.orm;
    const context = Object.entries(contextOf(tenant));
    const local = `select ${context.map(() => 'set_config(?, ?, true)').join(', ')}`;
    const text = em.getPlatform().formatQuery(`${local}; ${sql}`, [...context.flat(), ...params]);
    const pool = await em.getConnection().getNativeClient();
    const answers: QueryResult<R> | QueryResult<R>[] = await pool.query<R>(text);
    return [answers].flat().at(-1)?.rows ?? [];
  }
}

function checked(tenant: string): string {
  if (!TENANT.test(tenant)) throw new Error('That is no name of a tenant.');
  return tenant;
}

const contextOf = (tenant: string) => ({
  'parley.tenant': tenant,
  statement_timeout: String(limits.STATEMENT_MS),
  lock_timeout: String(limits.LOCK_MS),
  idle_in_transaction_session_timeout: String(limits.IDLE_IN_TRANSACTION_MS),
});
