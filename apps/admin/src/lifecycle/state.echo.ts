import { LockMode } from '@mikro-orm/core';
import type { ConversationView } from '@parley/contracts/conversation';
import { viewOf } from '@parley/domain/view';
import type { Database } from '@parley/persistence/database';
import { versionOf } from './columns.js';
import { ConversationRow } from './conversation.entity.js';
import type { LifecycleProjector } from './lifecycle.projector.js';

const LOCKED = { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true } as const;

/**
 * Reads back what was written to `conversation.state.v1`. A writer that was frozen and thaws lays an older state over a
 * newer one, and a compacted topic would keep it for ever: then the newest is written once more.
 */
export class StateEcho {
  constructor(
    private readonly database: Database,
    private readonly projector: LifecycleProjector,
  ) {}

  async hear(view: ConversationView, time: string): Promise<'newest' | 'rewritten' | 'unknown'> {
    const { tenant, conversationId: id } = view;
    const heard = versionOf(view);
    const newest = await this.database.statements(tenant).execute(
      `update conversation set state_seen = ?
         where tenant = ? and id = ? and state is not null and state_seen <= ? collate "C" returning id`,
      [heard, tenant, id, heard],
    );
    return newest.length > 0 ? 'newest' : this.#older(tenant, id, heard, time);
  }

  async #older(tenant: string, id: string, heard: string, time: string): Promise<'newest' | 'rewritten' | 'unknown'> {
    return this.database.inTenant(tenant, async (em) => {
      const row = await em.findOne(ConversationRow, { tenant, id }, LOCKED);
      if (!row?.state) return 'unknown';
      await this.projector.republish(em, row.state, time);
      return versionOf(viewOf(row.state)) === heard ? 'newest' : 'rewritten';
    });
  }
}
