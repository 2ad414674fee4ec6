import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { TOPICS } from '@parley/contracts/envelope';
import type { Settings } from '@parley/contracts/settings';
import { configurationRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { addToOutbox } from '@parley/persistence/outbox';
import { SETTINGS } from '@parley/service/tokens';
import { DATABASE, HEARD } from '../parts.js';
import { ConfigurationStore } from './configuration.store.js';

const FIRST_VERSION = 1;

/** Tags made while closing (B4): known here at once, to everybody else by the configuration log. */
@Injectable()
export class SpotTags {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly configuration: ConfigurationStore,
  ) {}

  /** The first spelling of a slug stays. */
  async make(tenant: string, tags: readonly { id: string; name: string }[]): Promise<void> {
    if (tags.length === 0) return;
    const time = new Date().toISOString();
    await this.database.inTenant(tenant, async (em) => {
      for (const value of tags) {
        const [isNew] = await em.execute<unknown[]>(
          `insert into configuration (tenant, kind, key, version, value) values (?, 'spot-tag', ?, ?, ?)
           on conflict do nothing returning key`,
          [tenant, value.id, FIRST_VERSION, JSON.stringify(value)],
        );
        if (!isNew) continue;
        const record = configurationRecord(
          {
            id: `cfg_${randomUUID()}`,
            type: 'parley.configuration-changed',
            time,
            tenantid: tenant,
            kind: 'spot-tag',
            key: value.id,
            version: FIRST_VERSION,
            value,
          },
          time,
          this.settings.PUBLIC_URL,
        );
        await addToOutbox(em, TOPICS.configuration, [record]);
      }
      await notify(em, HEARD.configuration, tenant);
    });
    this.configuration.forget(tenant);
  }
}
