import { MikroORM } from '@mikro-orm/postgresql';
import type { MigrationObject } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import pg from 'pg';
import { CONNECT_MS, plainName, roleOf, rolePassword } from './connection.js';

export interface BootOptions {
  /** The owner of the schemas: may create schemas and roles. Used only while booting. */
  url: string;
  service: string;
  secret: string;
  migrations: MigrationObject[];
}

/** One at a time over all services and replicas: roles and grants belong to the whole cluster. */
const BOOT_LOCK = 7_275_539;
/** A booting replica waits for the others' migrations, but not for ever. */
const BOOT_LOCK_MS = 120_000;

/** Schema, migrations, runtime role and its grants; the same again changes nothing. */
export async function boot(options: BootOptions): Promise<void> {
  const owner = new pg.Client({ connectionString: options.url, connectionTimeoutMillis: CONNECT_MS });
  owner.on('error', () => undefined);
  await owner.connect();
  try {
    await owner.query(`set lock_timeout = ${BOOT_LOCK_MS}`);
    await owner.query('select pg_advisory_lock($1)', [BOOT_LOCK]);
    await owner.query(`create schema if not exists ${plainName(options.service)}`);
    await ensureRole(owner, options);
    await migrate(options);
    await grant(owner, options);
  } finally {
    await owner.end();
  }
}

async function ensureRole(owner: pg.Client, { service, secret }: BootOptions): Promise<void> {
  const role = roleOf(service);
  const known = await owner.query('select 1 from pg_roles where rolname = $1', [role]);
  if (known.rowCount === 0) await owner.query(`create role ${role} login noinherit`);
  // Each time: the secret may be a new one.
  await owner.query(`alter role ${role} password ${pg.escapeLiteral(rolePassword(secret, service))}`);
  await owner.query(`alter role ${role} set search_path = ${service}`);
}

async function migrate({ url, service, migrations }: BootOptions): Promise<void> {
  const orm = await MikroORM.init({
    clientUrl: url,
    schema: service,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    pool: { min: 0, max: 2 },
    ensureDatabase: false,
    logger: () => undefined,
    migrations: {
      tableName: 'schema_migration',
      schema: service,
      migrationsList: migrations,
      snapshot: false,
      silent: true,
      disableForeignKeys: false,
    },
  });
  try {
    await orm.migrator.up();
  } finally {
    await orm.close(true);
  }
}

/** Reads and writes its own rows, and nothing else: no DDL, no other schema. */
async function grant(owner: pg.Client, { service }: BootOptions): Promise<void> {
  const role = roleOf(service);
  await owner.query(`
    revoke all on schema ${service} from public;
    grant usage on schema ${service} to ${role};
    grant select, insert, update, delete on all tables in schema ${service} to ${role};
    grant usage, select on all sequences in schema ${service} to ${role};
    revoke insert, update, delete on ${service}.schema_migration from ${role};
  `);
}
