import { Controller, Inject, Injectable } from '@nestjs/common';
import { PolicyPage, PolicyPath, PolicyQuery } from '@parley/contracts/admin-http';
import { ListQuery } from '@parley/contracts/inbox-http';
import { Policy } from '@parley/contracts/policy';
import { CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import type { Database } from '@parley/persistence/database';
import { CURSORS, type Cursors } from '@parley/service/cursor';
import { problem } from '@parley/service/problem';
import type { Principal } from '@parley/service/request-context';
import { Input, Route, route, type InputOf } from '@parley/service/route';
import type { Page } from '../live-activity/live-activity.js';
import { DATABASE } from '../parts.js';
import { ConfigurationRow, PolicyVersionRow } from './configuration.entity.js';

const UNMANAGED = { disableIdentityMap: true } as const;

/** Policies as data: every version there ever was; a conversation stays under the one it began with. */
@Injectable()
export class Policies {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CURSORS) private readonly cursors: Cursors,
  ) {}

  async list(tenant: string, { limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<Page<Policy>> {
    const binding = { tenant, list: 'policies', filter: {}, sort: 'name' };
    const [after] = this.cursors.read(binding, cursor) ?? [];
    const of = {
      tenant,
      kind: 'policy',
      value: { $ne: null },
      ...(typeof after === 'string' ? { key: { $gt: after } } : {}),
    } as const;
    const options = { orderBy: { key: 'asc' }, limit: limit + 1, ...UNMANAGED } as const;
    const rows = await this.database.inTenant(tenant, (em) => em.find(ConfigurationRow, of, options));
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      items: page.map(({ value }) => Policy.strip().parse(value)),
      nextCursor: last ? this.cursors.write(binding, [last.key]) : null,
    };
  }

  /** The newest version, or the one that is named. */
  async read(tenant: string, name: string, version: number | undefined): Promise<Policy> {
    const of = { tenant, name, ...(version === undefined ? {} : { version }) };
    const newest = { orderBy: { version: 'desc' }, limit: 1, ...UNMANAGED } as const;
    const [row] = await this.database.inTenant(tenant, (em) => em.find(PolicyVersionRow, of, newest));
    if (row === undefined) throw problem(404, 'not-found');
    return row.policy;
  }
}

const list = route({
  method: 'GET',
  path: 'policies',
  summary: 'Lists the policies, each as it stands now',
  query: ListQuery,
  answer: PolicyPage,
});
const read = route({
  method: 'GET',
  path: 'policies/:name',
  summary: 'A policy, the newest version or the one that is named',
  params: PolicyPath,
  query: PolicyQuery,
  answer: Policy,
});

@Controller()
export class PolicyController {
  constructor(private readonly policies: Policies) {}

  @Route(list)
  @Verb('configuration.read')
  list(@Input() { query }: InputOf<typeof list>, @CurrentPrincipal() { tenant }: Principal) {
    return this.policies.list(tenant, query);
  }

  @Route(read)
  @Verb('configuration.read')
  read(@Input() { params, query }: InputOf<typeof read>, @CurrentPrincipal() { tenant }: Principal) {
    return this.policies.read(tenant, params.name, query.version);
  }
}
