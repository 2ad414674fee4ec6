import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIGURATION, type ConfigurationKind, type ConfigurationRecord } from '@parley/contracts/configuration';
import { TOPICS } from '@parley/contracts/envelope';
import type { Settings } from '@parley/contracts/settings';
import { configurationRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { addToOutbox } from '@parley/persistence/outbox';
import { problem } from '@parley/service/problem';
import { SETTINGS } from '@parley/service/tokens';
import { CONFIGURATION_CHANGED, DATABASE } from '../parts.js';
import { ConfigurationRow } from './configuration.entity.js';
import { Snapshot } from './snapshot.js';

/** What this service alone writes; the rest of the topic is folded as it comes. */
const OWN: readonly ConfigurationKind[] = ['policy', 'campaign', 'group', 'person', 'category', 'subcategory', 'tag'];

/** Without a word from the database a snapshot is read again: a notification may have been lost with a connection. */
const TRUSTED_MS = 10_000;
const LOCKED = { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true } as const;

export interface Change {
  readonly tenant: string;
  readonly kind: ConfigurationKind;
  readonly key: string;
  /** Null withdraws it. A policy's own version is set here. */
  readonly value: object | null;
}

/** Configuration as it stands: written with its outbox record in one transaction, read from memory. */
@Injectable()
export class ConfigurationStore {
  readonly #kept = new Map<string, { snapshot: Promise<Snapshot>; until: number }>();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    database.listen(CONFIGURATION_CHANGED, (tenant) => {
      if (tenant === null) this.#kept.clear();
      else this.#kept.delete(tenant);
    });
  }

  of(tenant: string): Promise<Snapshot> {
    const kept = this.#kept.get(tenant);
    if (kept && kept.until > performance.now()) return kept.snapshot;
    const snapshot = this.database.inTenant(tenant, (em) => this.within(em, tenant));
    this.#kept.set(tenant, { snapshot, until: performance.now() + TRUSTED_MS });
    snapshot.catch(() => this.#kept.delete(tenant));
    return snapshot;
  }

  /** As this transaction sees it; no second connection is asked for by who holds {@link inTurn}. */
  async within(em: EntityManager, tenant: string): Promise<Snapshot> {
    return new Snapshot(await em.find(ConfigurationRow, { tenant }, { disableIdentityMap: true }));
  }

  /**
   * A tenant's writers one after the other, until their transactions end: what one has checked (`If-Match`, a free id, a
   * tag's name, who still uses it) is so when it writes. A row's own lock is no guard of what has no row yet.
   */
  async inTurn(em: EntityManager, tenant: string): Promise<void> {
    await em.execute(`select pg_advisory_xact_lock(hashtextextended(current_schema() || '/configuration/' || ?, 0))`, [
      tenant,
    ]);
  }

  /** The next version, on its way to Kafka in the same transaction. */
  async write(em: EntityManager, { tenant, kind, key, value }: Change): Promise<number> {
    const version = await this.nextVersion(em, { tenant, kind, key });
    const changedAt = new Date().toISOString();
    const stored = kind === 'policy' && value !== null ? { ...value, version } : value;
    await this.#put(em, { tenant, kind, key, value: stored }, version, changedAt);
    await this.#publish(em, { tenant, kind, key, value: stored }, version, changedAt);
    return version;
  }

  /** A tag that an agent made on the spot goes on where inbox began it. */
  async nextVersion(em: EntityManager, { tenant, kind, key }: Omit<Change, 'value'>): Promise<number> {
    const kinds: ConfigurationKind[] = kind === 'tag' ? [kind, 'spot-tag'] : [kind];
    const rows = await em.find(ConfigurationRow, { tenant, kind: { $in: kinds }, key }, LOCKED);
    return Math.max(0, ...rows.map(({ version }) => version)) + 1;
  }

  /** What the topic says: other services' values count, ours are only checked for having arrived. */
  async fold(record: ConfigurationRecord): Promise<void> {
    const { tenantid: tenant, kind, key } = record;
    await this.database.inTenant(tenant, async (em) => {
      const row = await em.findOne(ConfigurationRow, { tenant, kind, key }, LOCKED);
      if (row === null || record.version > row.version) return this.#adopt(em, record);
      if (!OWN.includes(kind)) return;
      if (record.version < row.seenVersion) {
        // Somebody's older record lies over the newer one, for ever on a compacted topic: say it again.
        return this.#publish(em, { tenant, kind, key, value: row.value ?? null }, row.version, row.changedAt);
      }
      await em.nativeUpdate(ConfigurationRow, { tenant, kind, key }, { seenVersion: record.version });
    });
  }

  /** Newer than what we hold: another service's, or our own from before our tables were lost. */
  async #adopt(
    em: EntityManager,
    { tenantid: tenant, kind, key, version, value, time }: ConfigurationRecord,
  ): Promise<void> {
    const read = value === null ? null : CONFIGURATION[kind].strip().parse(value);
    await this.#put(em, { tenant, kind, key, value: read }, version, time);
    await em.nativeUpdate(ConfigurationRow, { tenant, kind, key }, { seenVersion: version });
  }

  async #put(
    em: EntityManager,
    { tenant, kind, key, value }: Change,
    version: number,
    changedAt: string,
  ): Promise<void> {
    const json = value === null ? null : JSON.stringify(value);
    const stored = await em.execute<unknown[]>(
      `insert into configuration as known (tenant, kind, key, version, value, changed_at) values (?, ?, ?, ?, ?, ?)
       on conflict (tenant, kind, key) do update set
         version = excluded.version, value = excluded.value, changed_at = excluded.changed_at
       where known.version < excluded.version returning 1`,
      [tenant, kind, key, version, json, changedAt],
    );
    // Made by two at once: there was no row to lock.
    if (stored.length === 0) throw problem(409, 'conflict', 'Somebody wrote it at the same moment.');
    if (kind === 'policy' && json !== null) {
      await em.execute(
        `insert into policy_version (tenant, name, version, policy, changed_at) values (?, ?, ?, ?, ?)
         on conflict do nothing`,
        [tenant, key, version, json, changedAt],
      );
    }
    await notify(em, CONFIGURATION_CHANGED, tenant);
  }

  async #publish(
    em: EntityManager,
    { tenant, kind, key, value }: Change,
    version: number,
    time: string,
  ): Promise<void> {
    const id = `${tenant}/${kind}/${key}:${version}`;
    const record: ConfigurationRecord = {
      id,
      type: 'parley.configuration-changed',
      time,
      tenantid: tenant,
      kind,
      key,
      version,
      value,
    };
    const { PUBLIC_URL } = this.settings;
    await addToOutbox(em, TOPICS.configuration, [configurationRecord(record, new Date().toISOString(), PUBLIC_URL)]);
  }
}
