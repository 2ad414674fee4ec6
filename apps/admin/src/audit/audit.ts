import type { FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { AuditQuery } from '@parley/contracts/admin-http';
import type { AuditRecord } from '@parley/contracts/audit';
import type { Database } from '@parley/persistence/database';
import { CURSORS, type CursorPosition, type Cursors } from '@parley/service/cursor';
import { ConversationRow } from '../lifecycle/conversation.entity.js';
import { scopeOf, withinScope } from '../live-activity/scope.js';
import type { Page } from '../live-activity/live-activity.js';
import { DATABASE } from '../parts.js';
import { AuditRow } from './audit.entity.js';

/** An explanation lists the newest; the rest is in the audit. */
const REFUSALS_SHOWN = 50;
const UNMANAGED = { disableIdentityMap: true } as const;

/** Refused commands and signals, and administrative acts, of all services. */
@Injectable()
export class Audit {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CURSORS) private readonly cursors: Cursors,
  ) {}

  /** Once, however often it comes. */
  async keep(record: AuditRecord): Promise<void> {
    const { tenantid, id, time, type, service, act, actor, conversationId, reason } = record;
    await this.database.inTenant(tenantid, (em) =>
      em.execute(
        `insert into audit (tenant, id, time, type, service, act, actor_id, conversation_id, reason, record)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
        [tenantid, id, time, type, service, act, actor?.id ?? null, conversationId, reason, JSON.stringify(record)],
      ),
    );
  }

  async list(tenant: string, caller: Caller, query: AuditQuery): Promise<Page<AuditRecord>> {
    const { limit, cursor, ...filter } = query;
    const binding = { tenant, list: 'audit', filter, sort: '-time' };
    const place = placeIn(this.cursors.read(binding, cursor));
    const options = { orderBy: { time: 'desc', id: 'desc' }, limit: limit + 1, ...UNMANAGED } as const;
    const rows = await this.database.inTenant(tenant, async (em) => {
      const conditions = [{ tenant }, ...matching(filter), ...beyond(place), ...withinReach(em, tenant, caller)];
      return em.find(AuditRow, { $and: conditions }, options);
    });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      items: page.map(({ record }) => record),
      nextCursor: last ? this.cursors.write(binding, [last.time, last.id]) : null,
    };
  }

  /** Which commands on one conversation were refused, the newest first; who asked before it was there was not refused by it. */
  async refusalsOf(tenant: string, conversationId: string): Promise<AuditRecord[]> {
    const options = { orderBy: { time: 'desc', id: 'desc' }, limit: REFUSALS_SHOWN, ...UNMANAGED } as const;
    const of = {
      tenant,
      conversationId,
      type: { $ne: 'audit.administrative-act' },
      reason: { $ne: 'not-found' },
    } as const;
    const rows = await this.database.inTenant(tenant, (em) => em.find(AuditRow, of, options));
    return rows.map(({ record }) => record);
  }
}

type Where = FilterQuery<AuditRow>;

function matching({
  conversationId,
  actor,
  act,
  type,
  reason,
  from,
  to,
}: Omit<AuditQuery, 'limit' | 'cursor'>): Where[] {
  const equal = { conversationId, actorId: actor, act, type, reason };
  return [
    Object.fromEntries(Object.entries(equal).filter(([, value]) => value !== undefined)),
    ...(from === undefined ? [] : [{ time: { $gte: from } }]),
    ...(to === undefined ? [] : [{ time: { $lt: to } }]),
  ];
}

/** An administrator reads what concerns the own campaigns' conversations, and what was the own doing. */
function withinReach(em: EntityManager, tenant: string, caller: Caller): Where[] {
  const scope = scopeOf(caller, 'audit.read');
  if (scope.kind === 'everything') return [];
  const mine = em
    .createQueryBuilder(ConversationRow, 'c')
    .select('c.id')
    .where({ tenant, ...withinScope(scope) });
  return [{ $or: [{ conversationId: { $in: mine.toRaw() } }, { actorId: caller.id }] }];
}

const beyond = (place: readonly [string, string] | undefined): Where[] =>
  place === undefined ? [] : [{ $or: [{ time: { $lt: place[0] } }, { time: place[0], id: { $lt: place[1] } }] }];

function placeIn(position: CursorPosition | undefined): [string, string] | undefined {
  const [time, id] = position ?? [];
  return typeof time === 'string' && typeof id === 'string' ? [time, id] : undefined;
}
