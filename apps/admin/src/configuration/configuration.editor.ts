import type { FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { ConfigurationQuery, EditableKind } from '@parley/contracts/admin-http';
import { AuditOutbox } from '@parley/persistence/audit-outbox';
import type { Database } from '@parley/persistence/database';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { etagOf, type CommandRequest } from '@parley/service/command-request';
import { CURSORS, type Cursors } from '@parley/service/cursor';
import { problem, reasonProblem } from '@parley/service/problem';
import { validationProblem } from '@parley/service/shape';
import type { Page } from '../live-activity/live-activity.js';
import { scopeOf } from '../live-activity/scope.js';
import { DATABASE } from '../parts.js';
import { ConfigurationRow } from './configuration.entity.js';
import { ConfigurationStore } from './configuration.store.js';
import { EDITABLE, idOf, keyOf, missingFor, valueOf, type Fields } from './editable.js';
import type { Snapshot } from './snapshot.js';

/** Who wants what done to one kind of configuration. */
export interface Edit {
  readonly kind: EditableKind;
  readonly tenant: string;
  readonly caller: Caller;
  readonly path: Fields;
  readonly request: CommandRequest;
}

const UNMANAGED = { disableIdentityMap: true } as const;

/** Categories, tags, campaigns, groups and people: read by everybody who works here, written by administrators. */
@Injectable()
export class ConfigurationEditor {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CURSORS) private readonly cursors: Cursors,
    private readonly store: ConfigurationStore,
    private readonly endpoint: CommandEndpoint,
    private readonly audit: AuditOutbox,
  ) {}

  async list(tenant: string, kind: EditableKind, path: Fields, query: ConfigurationQuery): Promise<Page<object>> {
    const { limit, cursor, archived = 'false' } = query;
    const under = keyOf(kind, path, '');
    const binding = { tenant, list: kind, filter: { archived, under }, sort: 'key' };
    const [after] = this.cursors.read(binding, cursor) ?? [];
    const conditions: Where[] = [
      { tenant, value: { $ne: null } },
      ...(kind === 'subcategory' ? [{ key: { $like: `${likeText(under)}%` } }] : []),
      ...(archived === 'all' || !EDITABLE[kind].archives ? [] : [isArchived(archived === 'true')]),
      ...(typeof after === 'string' ? [{ key: { $gt: after } }] : []),
    ];
    const options = { orderBy: { key: 'asc' }, limit: limit + 1, ...UNMANAGED } as const;
    const rows = await this.database.inTenant(tenant, async (em) => {
      if (kind === 'subcategory') await demanded(em, tenant, 'category', String(path['category']));
      return em.find(ConfigurationRow, { $and: [ofKind(em, tenant, kind), ...conditions] }, options);
    });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return { items: page.map(answerOf), nextCursor: last ? this.cursors.write(binding, [last.key]) : null };
  }

  async read(tenant: string, kind: EditableKind, path: Fields): Promise<object> {
    return answerOf(await this.database.inTenant(tenant, (em) => demanded(em, tenant, kind, pathKey(kind, path))));
  }

  create(edit: Edit, body: Fields): Promise<object> {
    const id = idOf(edit.kind, body);
    return this.#change(edit, keyOf(edit.kind, edit.path, id), body, async (em, key) => {
      if (await present(em, edit.tenant, edit.kind, key)) throw problem(409, 'conflict', 'The id is taken.');
      return this.#fitting(em, edit, id, body);
    });
  }

  replace(edit: Edit, body: Fields): Promise<object> {
    const id = String(edit.path['id']);
    return this.#change(edit, pathKey(edit.kind, edit.path), body, (em) => this.#fitting(em, edit, id, body));
  }

  /** What events name is archived, the rest withdrawn. Answers what it was. */
  remove(edit: Edit): Promise<object> {
    return this.#change(edit, pathKey(edit.kind, edit.path), {}, async (em, key) => {
      const row = await demanded(em, edit.tenant, edit.kind, key);
      if (EDITABLE[edit.kind].archives) return { ...valueIn(row), archived: true };
      const use = useOf(edit.kind, key, await this.store.within(em, edit.tenant));
      if (use !== undefined) throw problem(409, 'conflict', use);
      return null;
    });
  }

  #change(
    edit: Edit,
    key: string,
    body: Fields,
    decide: (em: EntityManager, key: string) => Promise<object | null>,
  ): Promise<object> {
    const { kind, tenant, caller, request } = edit;
    /** What is to be written, and what is answered but for its version. */
    const decided = async (em: EntityManager): Promise<[object | null, object]> => {
      await assertVersion(em, edit, key);
      const value = await decide(em, key);
      return [value, value ?? valueIn(await demanded(em, tenant, kind, key))];
    };
    return this.endpoint.keyed({
      request,
      tenant,
      caller,
      reach: async () => assertMayWrite(edit, key, body, await this.store.of(tenant)),
      rehearse: () =>
        this.database.inTenant(tenant, async (em) => {
          const [, shown] = await decided(em);
          return { ...shown, version: await this.store.nextVersion(em, { tenant, kind, key }) };
        }),
      perform: () =>
        this.database.inTenant(tenant, async (em) => {
          await this.store.inTurn(em, tenant);
          const [value, shown] = await decided(em);
          const version = await this.store.write(em, { tenant, kind, key, value });
          await this.audit.acted(em, tenant, caller, `configuration.${kind}`, `${key} v${version}`);
          request.setHeader('ETag', etagOf(version));
          return { ...shown, version };
        }),
    });
  }

  async #fitting(em: EntityManager, { kind, tenant, path }: Edit, id: string, body: Fields): Promise<object> {
    const known = await this.store.within(em, tenant);
    if (kind === 'subcategory' && !known.knows('category', String(path['category']))) throw problem(404, 'not-found');
    const value = valueOf(kind, path, id, body);
    if (value === undefined) throw validationProblem([{ pointer: '/id', detail: 'is no id' }]);
    const missing = missingFor(kind, value, known);
    if (missing.length > 0) throw validationProblem(missing);
    const like = kind === 'tag' ? known.tagLike(id, String(body['name'])) : undefined;
    if (like !== undefined) throw problem(409, 'conflict', `There is a tag “${like}” already.`);
    return value;
  }
}

const pathKey = (kind: EditableKind, path: Fields): string => keyOf(kind, path, String(path['id']));
const likeText = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

type Where = FilterQuery<ConfigurationRow>;

/** A tag that an agent made on the spot (B4) is a tag among the others, until an administrator writes it. */
function ofKind(em: EntityManager, tenant: string, kind: EditableKind): Where {
  if (kind !== 'tag') return { kind };
  const written = em.createQueryBuilder(ConfigurationRow, 't').select('t.key').where({ tenant, kind });
  return { $or: [{ kind }, { kind: 'spot-tag', key: { $nin: written.toRaw() } }] };
}

const isArchived = (archived: boolean): Where =>
  archived ? { value: { archived } } : { $or: [{ kind: 'spot-tag' }, { value: { archived } }] };

const valueIn = ({ kind, value }: ConfigurationRow): object =>
  kind === 'spot-tag' ? { ...value, category: null, archived: false } : { ...value };
const answerOf = (row: ConfigurationRow): object => ({ ...valueIn(row), version: row.version });

async function present(
  em: EntityManager,
  tenant: string,
  kind: EditableKind,
  key: string,
): Promise<ConfigurationRow | undefined> {
  const conditions: Where[] = [{ tenant, key, value: { $ne: null } }, ofKind(em, tenant, kind)];
  return (await em.findOne(ConfigurationRow, { $and: conditions }, UNMANAGED)) ?? undefined;
}

async function demanded(em: EntityManager, tenant: string, kind: EditableKind, key: string): Promise<ConfigurationRow> {
  const row = await present(em, tenant, kind, key);
  if (row === undefined) throw problem(404, 'not-found');
  return row;
}

/** If-Match names the version that was read; without it the last writer wins. */
async function assertVersion(em: EntityManager, { tenant, kind, request }: Edit, key: string): Promise<void> {
  if (request.ifSequence === undefined) return;
  const version = (await present(em, tenant, kind, key))?.version ?? 0;
  if (version === request.ifSequence) return;
  throw problem(412, 'stale-version', undefined, { reasonCode: 'STALE_VERSION', currentSequence: version });
}

/**
 * D2: inside the own campaigns: those, and the groups that serve them; a campaign gets no group from outside, which would
 * be its administrator's from then on. The taxonomy is everybody's; people are the tenant's.
 */
function assertMayWrite({ caller, kind }: Edit, key: string, body: Fields, known: Snapshot): void {
  const scope = scopeOf(caller, 'configuration.write');
  const mine = scope.kind === 'campaigns' ? scope.ids : [];
  const own = known.campaigns().filter(({ id }) => mine.includes(id));
  const serving = new Set<unknown>(own.flatMap(({ groups }) => groups));
  const wished: unknown[] = Array.isArray(body['groups']) ? body['groups'] : [];
  const isMine: Record<EditableKind, boolean> = {
    category: true,
    subcategory: true,
    tag: true,
    campaign: mine.includes(key) && wished.every((group) => serving.has(group)),
    group: serving.has(key),
    person: false,
  };
  if (scope.kind === 'everything' || (scope.kind === 'campaigns' && isMine[kind])) return;
  throw reasonProblem('FORBIDDEN_SCOPE');
}

/** Who would be left without it, in words. */
function useOf(kind: EditableKind, key: string, known: Snapshot): string | undefined {
  if (kind === 'group') {
    const campaign = known.campaigns().find(({ groups }) => groups.includes(key));
    return campaign && `It still serves the campaign “${campaign.id}”.`;
  }
  if (kind !== 'campaign') return undefined;
  const account = known.channelAccounts().find(({ defaultCampaign }) => defaultCampaign === key);
  return account && `It is still the default campaign of the channel account “${account.id}”.`;
}
