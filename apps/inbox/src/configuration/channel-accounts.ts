import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { ConfigurationRecord } from '@parley/contracts/configuration';
import { TOPICS } from '@parley/contracts/envelope';
import type { ChannelAccountBody, ChannelAccountChange, ChannelAccountView } from '@parley/contracts/inbox-http';
import type { Settings } from '@parley/contracts/settings';
import { configurationRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { addToOutbox } from '@parley/persistence/outbox';
import type { Vault } from '@parley/persistence/vault';
import { problem, refusalProblem } from '@parley/service/problem';
import { SETTINGS } from '@parley/service/tokens';
import { AuditOutbox } from '@parley/persistence/audit-outbox';
import { newHookId } from '../channel-messages/identifiers.js';
import { giveUpDeliveries } from '../deliveries/give-up-deliveries.js';
import { DATABASE, FRESH, HEARD, VAULT } from '../parts.js';
import { ChannelAccountRow } from './configuration.entity.js';
import { accountOf, ConfigurationStore } from './configuration.store.js';

const SECRET_BYTES = 24;
const LOCKED = { ...FRESH, lockMode: LockMode.PESSIMISTIC_WRITE } as const satisfies object;
const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** Who wants it; what a seed makes is nobody's act. */
type By = Caller | 'seed';

/** What is done to one account, and how. */
export interface Act {
  readonly tenant: string;
  readonly id: string;
  readonly by: By;
  /** Undefined: whatever version it has. */
  readonly ifVersion?: number | undefined;
  /** Answers what would stand then, and writes nothing. */
  readonly isRehearsal?: boolean;
}

/** Channel accounts are ours: kept here with their secret, and told to everybody without it. */
@Injectable()
export class ChannelAccounts {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly configuration: ConfigurationStore,
    private readonly audit: AuditOutbox,
  ) {}

  async list(tenant: string, after: string, limit: number): Promise<ChannelAccountRow[]> {
    return this.database.inTenant(tenant, (em) =>
      em.find(
        ChannelAccountRow,
        { tenant, withdrawn: false, id: { $gt: after } },
        { ...FRESH, orderBy: { id: 'asc' }, limit },
      ),
    );
  }

  async find(tenant: string, id: string): Promise<ChannelAccountRow> {
    const row = await this.database.inTenant(tenant, (em) =>
      em.findOne(ChannelAccountRow, { tenant, id, withdrawn: false }, FRESH),
    );
    if (!row) throw problem(404, 'not-found');
    return row;
  }

  /** Of any tenant: a hook brings no token, its id says whose it is. */
  async ofHook(hookId: string): Promise<ChannelAccountRow | null> {
    return this.database.acrossTenants((em) => em.findOne(ChannelAccountRow, { hookId, withdrawn: false }, FRESH));
  }

  secretOf(row: ChannelAccountRow): Promise<string | undefined> {
    return this.vault.open(placeOf(row.tenant, row.id), row.secret);
  }

  /** Undefined: one of this id is there already and stays as it is; for the seed also one that was withdrawn. */
  async create({ id, ...body }: ChannelAccountBody, act: Omit<Act, 'id'>): Promise<ChannelAccountRow | undefined> {
    const { tenant, by, isRehearsal } = act;
    // Both are made when it is: nobody can know them before.
    const hookId = isRehearsal ? '' : newHookId();
    const secret = isRehearsal ? Buffer.alloc(0) : await this.vault.seal(placeOf(tenant, id), newSecret());
    return this.#write({ ...act, id }, (known) => {
      if (known && (by === 'seed' || !known.withdrawn)) return undefined;
      return { ...body, tenant, id, hookId, secret, version: (known?.version ?? 0) + 1, withdrawn: false };
    });
  }

  change(change: ChannelAccountChange, act: Act): Promise<ChannelAccountRow> {
    return this.#write(act, (known) => nextOf(present(known, act.ifVersion), change));
  }

  withdraw(act: Act): Promise<ChannelAccountRow> {
    return this.#write(act, (known) => nextOf(present(known, act.ifVersion), { withdrawn: true }));
  }

  /** Its record of an older version came later: on a compacted topic that one would stand for ever. */
  async sayAgain(tenant: string, id: string, over: number): Promise<void> {
    await this.database.inTenant(tenant, async (em) => {
      const row = await em.findOne(ChannelAccountRow, { tenant, id }, LOCKED);
      if (row && row.version > over) await this.#publish(em, row);
    });
  }

  /** One at a time per account; what was written leaves by the outbox. */
  async #write<Row extends ChannelAccountRow | undefined>(
    { tenant, id, by, isRehearsal }: Act,
    decide: (known: ChannelAccountRow | null) => Row,
  ): Promise<Row> {
    const written = await this.database.inTenant(tenant, async (em) => {
      await em.execute(`select pg_advisory_xact_lock(hashtextextended('channel-account/' || ? || '/' || ?, 0))`, [
        tenant,
        id,
      ]);
      const row = decide(await em.findOne(ChannelAccountRow, { tenant, id }, FRESH));
      if (row === undefined || isRehearsal) return row;
      await em.upsert(ChannelAccountRow, { ...row });
      if (row.withdrawn) await giveUpDeliveries(em, tenant, id);
      await notify(em, HEARD.configuration, tenant);
      await this.#publish(em, row);
      if (by !== 'seed')
        await this.audit.acted(em, tenant, by, 'configuration.channel-account', `${id} v${row.version}`);
      return row;
    });
    this.configuration.forget(tenant);
    return written;
  }

  async #publish(em: EntityManager, row: ChannelAccountRow): Promise<void> {
    const record = recordOf(row);
    await addToOutbox(em, TOPICS.configuration, [configurationRecord(record, record.time, this.settings.PUBLIC_URL)]);
  }
}

/** Secrets of accounts have keys of their own beside those of contacts. */
const placeOf = (tenant: string, id: string) => ({
  tenant,
  contactId: `channel-account:${id}`,
  table: 'channel_account',
  column: 'secret',
  row: id,
});

function present(known: ChannelAccountRow | null, ifVersion: number | undefined): ChannelAccountRow {
  if (!known || known.withdrawn) throw problem(404, 'not-found');
  if (ifVersion !== undefined && ifVersion !== known.version)
    throw refusalProblem({ reason: 'STALE_VERSION', currentSequence: known.version, nextConversationId: null });
  return known;
}

const nextOf = (row: ChannelAccountRow, change: Partial<ChannelAccountRow>): ChannelAccountRow => ({
  ...row,
  ...change,
  version: row.version + 1,
});

const recordOf = (row: ChannelAccountRow): ConfigurationRecord => ({
  id: `cfg_${randomUUID()}`,
  type: 'parley.configuration-changed',
  time: new Date().toISOString(),
  tenantid: row.tenant,
  kind: 'channel-account',
  key: row.id,
  version: row.version,
  value: row.withdrawn ? null : accountOf(row),
});

export const accountView = (row: ChannelAccountRow, secret: string | null): ChannelAccountView => ({
  id: row.id,
  kind: row.kind,
  defaultCampaign: row.defaultCampaign,
  policy: row.policy,
  surveyOn: row.surveyOn,
  deliveryUrl: row.deliveryUrl ?? null,
  version: row.version,
  hookId: row.hookId,
  secret,
});
