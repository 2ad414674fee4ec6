import { SettingsShape } from '@parley/contracts/settings';
import { openDatabase, type Database } from '@parley/persistence/database';
import { openVault, type Vault } from '@parley/persistence/vault';
import { SECRET, startPostgres } from '../../../test/parts/postgres.js';
import { ENTITIES } from '../src/admin.parts.js';
import { MIGRATIONS } from '../src/migrations/tables.js';

interface AdminDatabase {
  database: Database;
  openVault(): Promise<Vault>;
  close(): Promise<void>;
}

/** Admin's own tables on a real PostgreSQL, gone when it is closed. */
export async function openAdminDatabase(): Promise<AdminDatabase> {
  const { url, stop } = await startPostgres();
  const parts = { service: 'admin', entities: ENTITIES, migrations: MIGRATIONS };
  const database = await openDatabase({ url, secret: SECRET, ...parts });
  const vaults: Vault[] = [];
  return {
    database,
    openVault: async () => {
      const vault = await openVault({ url, secret: SECRET });
      vaults.push(vault);
      return vault;
    },
    close: async () => {
      for (const vault of vaults) await vault.close();
      await database.close();
      await stop();
    },
  };
}

export const settings = SettingsShape.parse({
  ...{ TEMPORAL_ADDRESS: 'nowhere:1', KAFKA_BROKERS: 'nowhere:1', DATABASE_URL: 'postgres://nowhere/x' },
  ...{ OIDC_ISSUER: 'http://nowhere', PARLEY_SECRET: SECRET, PUBLIC_URL: 'http://localhost:4000' },
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
