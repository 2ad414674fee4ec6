import type { EntityManager } from '@mikro-orm/postgresql';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf } from '@parley/domain/conversation';
import type { Folded } from '../lifecycle/conversation-fold.js';
import { HEARD } from '../parts.js';
import type { DeskChangeRow } from './desk-change.entity.js';

/** What moved on desks, in the transaction that moved it. */

export const DESK_STREAM = 'desk';

type Change = Pick<DeskChangeRow, 'kind' | 'agents'> &
  Partial<Pick<DeskChangeRow, 'conversationId' | 'messageId' | 'groups'>>;

/** Without a position: giving it here would let all transactions of a tenant wait for one another. */
async function show(em: EntityManager, tenant: string, change: Change): Promise<void> {
  const { kind, conversationId = null, messageId = null, agents, groups = [] } = change;
  await em.execute(
    `with fresh as (
       insert into desk_change (tenant, kind, conversation_id, message_id, agents, groups, at)
       select ?, ?, ?, ?, array(select jsonb_array_elements_text(?::jsonb)), array(select jsonb_array_elements_text(?::jsonb)), now()
       returning tenant)
     select pg_notify(current_schema() || '_${HEARD.deskFresh}', tenant) from fresh`,
    [tenant, kind, conversationId, messageId, JSON.stringify(agents), JSON.stringify(groups)],
  );
}

/** A conversation changed: on the panels of its agents before and now, and in the picking list of its group. */
export async function showConversation(em: EntityManager, { before, after }: Folded): Promise<void> {
  const agents = [before, after].flatMap((state) => (state && assigneeOf(state)) ?? []);
  const groups = [before, after].flatMap((state) => (state && waitsToBePicked(state) ? [state.group] : []));
  if (agents.length === 0 && groups.length === 0) return;
  await show(em, after.tenant, {
    kind: 'conversation',
    conversationId: after.conversationId,
    agents: [...new Set(agents)],
    groups: [...new Set(groups)],
  });
}

export const waitsToBePicked = (state: Conversation): boolean =>
  state.status === 'pending' || state.status === 'paused';

export async function showCapacity(em: EntityManager, tenant: string, agents: readonly string[]): Promise<void> {
  if (agents.length > 0) await show(em, tenant, { kind: 'capacity', agents: [...new Set(agents)] });
}

/** Everybody with the conversation on the panel sees it; who that is, is looked up when it is sent. */
export async function showMessage(
  em: EntityManager,
  tenant: string,
  { conversationId, messageId }: { conversationId: string; messageId: string },
): Promise<void> {
  await show(em, tenant, { kind: 'message', conversationId, messageId, agents: [] });
}
