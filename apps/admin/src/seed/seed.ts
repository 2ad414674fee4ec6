import type { Database } from '@parley/persistence/database';
import { ConfigurationRow } from '../configuration/configuration.entity.js';
import type { ConfigurationStore } from '../configuration/configuration.store.js';
import { DEMO } from './demo.js';

/** Writes what is missing; what somebody changed or withdrew since stays as it is. Several replicas may do so at once. */
export async function seedDemo(database: Database, store: ConfigurationStore): Promise<void> {
  for (const [tenant, seeded] of Object.entries(DEMO)) {
    await database.inTenant(tenant, async (em) => {
      await em.execute(`select pg_advisory_xact_lock(hashtextextended(current_schema() || '/seed', 0))`);
      const known = await em.find(ConfigurationRow, { tenant }, { fields: ['kind', 'key'], disableIdentityMap: true });
      const keys = new Set(known.map(({ kind, key }) => `${kind}/${key}`));
      for (const { kind, key, value } of seeded) {
        if (!keys.has(`${kind}/${key}`)) await store.write(em, { tenant, kind, key, value });
      }
    });
  }
}
