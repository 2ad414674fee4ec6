import { Inject, Injectable } from '@nestjs/common';
import type { FilterQuery } from '@mikro-orm/core';
import type { Caller } from '@parley/contracts/actor';
import type { ConversationView } from '@parley/contracts/conversation';
import type { DeskView } from '@parley/contracts/inbox-http';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf } from '@parley/domain/conversation';
import type { Database } from '@parley/persistence/database';
import { CURSORS, type Cursors } from '@parley/service/cursor';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import type { Page } from '../history/history.js';
import { presented } from '../history/presented.js';
import { teamsOf } from '../history/scope.js';
import { ConversationRow } from '../lifecycle/conversation.entity.js';
import { DATABASE, FRESH } from '../parts.js';
import { roomOf } from '../presence/presence.js';
import { waitsToBePicked } from './desk-changes.js';

/** Live on the panel, and the ticket of a session that ended (mission.md, *Status*). */
const ON_PANEL = ['assigned', 'active', 'wrap-up'] as const;

export const isOnPanelOf = (state: Conversation, agentId: string): boolean =>
  ON_PANEL.some((status) => status === state.status) && assigneeOf(state) === agentId;
export const isInPickingListOf = (state: Conversation, caller: Caller): boolean =>
  waitsToBePicked(state) && teamsOf(caller).includes(state.group);

/** An agent's screen: what it handles, what it could take, and how much room it has. */
@Injectable()
export class Desk {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CURSORS) private readonly cursors: Cursors,
    private readonly configuration: ConfigurationStore,
  ) {}

  async panel(tenant: string, caller: Caller): Promise<DeskView> {
    const { tagName } = await this.configuration.of(tenant);
    return this.database.inTenant(tenant, async (em) => {
      const rows = await em.find(
        ConversationRow,
        { tenant, assignedTo: caller.id, status: { $in: [...ON_PANEL] } },
        { ...FRESH, orderBy: { startedAt: 'asc', id: 'asc' } },
      );
      const items = rows.map(({ state }) => presented(state, caller, tagName));
      return { items, capacity: await roomOf(em, tenant, caller.id) };
    });
  }

  /** Waiting in my groups, and paused (B10); the longest-waiting first. */
  async pickingList(
    tenant: string,
    caller: Caller,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<Page<ConversationView>> {
    const { tagName } = await this.configuration.of(tenant);
    const binding = { tenant, list: 'picking-list', filter: { agent: caller.id }, sort: 'startedAt' };
    const [startedAt, id] = this.cursors.read(binding, cursor) ?? [];
    const groups = teamsOf(caller);
    const waiting = { tenant, groupId: { $in: groups }, status: { $in: ['pending' as const, 'paused' as const] } };
    const rows = await this.database.inTenant(tenant, (em) =>
      em.find(
        ConversationRow,
        { $and: [waiting, after(startedAt, id)] },
        { ...FRESH, orderBy: { startedAt: 'asc', id: 'asc' }, limit: limit + 1 },
      ),
    );
    const last = rows[limit - 1];
    const isMore = rows.length > limit && last !== undefined;
    return {
      items: rows.slice(0, limit).map(({ state }) => presented(state, caller, tagName)),
      nextCursor: isMore ? this.cursors.write(binding, [last.startedAt.toISOString(), last.id]) : null,
    };
  }
}

function after(
  startedAt: string | number | null | undefined,
  id: string | number | null | undefined,
): FilterQuery<ConversationRow> {
  if (typeof startedAt !== 'string' || typeof id !== 'string') return {};
  const at = new Date(startedAt);
  return { $or: [{ startedAt: { $gt: at } }, { startedAt: at, id: { $gt: id } }] };
}
