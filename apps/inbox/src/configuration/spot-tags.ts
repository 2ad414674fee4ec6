import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TOPICS } from '@parley/contracts/envelope';
import type { Settings } from '@parley/contracts/settings';
import { configurationRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { addToOutbox } from '@parley/persistence/outbox';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, type ServiceLog, SETTINGS } from '@parley/service/tokens';
import { DATABASE, HEARD } from '../parts.js';
import { Wakeable } from '../wakeable.js';
import { ConfigurationStore } from './configuration.store.js';

const FIRST_VERSION = 1;

/** How often what failed is tried again. */
const AGAIN_MS = 5_000;
const OWED_AT_MOST = 1_000;

interface SpotTag {
  id: string;
  name: string;
}

/** Tags made while closing (B4): known here at once, to everybody else by the configuration log. */
@Injectable()
export class SpotTags implements OnApplicationBootstrap {
  readonly #owed: { tenant: string; tags: readonly SpotTag[] }[] = [];
  readonly #loop: Wakeable;
  readonly #onError: (error: unknown) => void;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) log: ServiceLog,
    private readonly configuration: ConfigurationStore,
    private readonly shutdown: Shutdown,
  ) {
    this.#onError = (error) => log.warn({ err: error }, 'new tags could not be made yet');
    this.#loop = new Wakeable(AGAIN_MS, this.#onError);
  }

  onApplicationBootstrap(): void {
    this.shutdown.on('workers', async () => {
      await this.#loop.stop();
      await this.#makeUp();
    });
    this.#loop.start(() => this.#makeUp());
  }

  /** The first spelling of a slug stays. What fails is tried again: the command that named them is decided. */
  async make(tenant: string, tags: readonly SpotTag[]): Promise<void> {
    if (tags.length === 0) return;
    try {
      await this.#make(tenant, tags);
    } catch (error) {
      if (this.#owed.length < OWED_AT_MOST) this.#owed.push({ tenant, tags });
      throw error;
    }
  }

  async #makeUp(): Promise<boolean> {
    for (const { tenant, tags } of this.#owed.splice(0)) await this.make(tenant, tags).catch(this.#onError);
    return false;
  }

  async #make(tenant: string, tags: readonly SpotTag[]): Promise<void> {
    const time = new Date().toISOString();
    await this.database.inTenant(tenant, async (em) => {
      // In one order for all: two who name the same ones crosswise would wait for each other.
      for (const value of tags.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
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
