import { openDatabase, type Database } from '@parley/persistence/database';
import { SECRET, startPostgres } from '../../../test/parts/postgres.js';
import { ENTITIES } from '../src/migrations/entities.js';
import { MIGRATIONS } from '../src/migrations/migrations.js';

/** Inbox's own tables on a real PostgreSQL, gone when it is closed. */
export async function openInboxDatabase(): Promise<{ database: Database; close(): Promise<void> }> {
  const { url, stop } = await startPostgres();
  const parts = { service: 'inbox', entities: ENTITIES, migrations: MIGRATIONS };
  const database = await openDatabase({ url, secret: SECRET, ...parts });
  return {
    database,
    close: async () => {
      await database.close();
      await stop();
    },
  };
}
