import { Inject, Injectable } from '@nestjs/common';
import type { ChannelAccount } from '@parley/contracts/configuration';
import type { Database } from '@parley/persistence/database';
import { DATABASE, FRESH, HEARD } from '../parts.js';
import { ChannelAccountRow, ConfigurationRow } from './configuration.entity.js';
import { Snapshot } from './snapshot.js';

/** Without a word from the database a snapshot is read again: a notification may have been lost with a connection. */
const TRUSTED_MS = 10_000;

interface Kept {
  snapshot: Promise<Snapshot>;
  until: number;
}

/** The folded configuration, in memory until somebody on any replica changes it. */
@Injectable()
export class ConfigurationStore {
  readonly #kept = new Map<string, Kept>();

  constructor(@Inject(DATABASE) private readonly database: Database) {
    database.listen(HEARD.configuration, (tenant) => {
      if (tenant === null) this.#kept.clear();
      else this.#kept.delete(tenant);
    });
  }

  of(tenant: string): Promise<Snapshot> {
    const kept = this.#kept.get(tenant);
    if (kept && kept.until > performance.now()) return kept.snapshot;
    const snapshot = this.#read(tenant);
    this.#kept.set(tenant, { snapshot, until: performance.now() + TRUSTED_MS });
    snapshot.catch(() => this.#kept.delete(tenant));
    return snapshot;
  }

  /** At once for this replica; the others hear of it. */
  forget(tenant: string): void {
    this.#kept.delete(tenant);
  }

  #read(tenant: string): Promise<Snapshot> {
    return this.database.inTenant(tenant, async (em) => {
      const stored = await em.find(ConfigurationRow, { tenant }, FRESH);
      const accounts = await em.find(ChannelAccountRow, { tenant, withdrawn: false }, FRESH);
      return new Snapshot(stored, new Map(accounts.map((row) => [row.id, accountOf(row)])));
    });
  }
}

export const accountOf = (row: ChannelAccountRow): ChannelAccount => ({
  id: row.id,
  kind: row.kind,
  defaultCampaign: row.defaultCampaign,
  policy: row.policy,
  surveyOn: row.surveyOn,
  deliveryUrl: row.deliveryUrl ?? null,
  hookId: row.hookId,
});
