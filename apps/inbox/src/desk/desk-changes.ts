import type { EntityManager } from '@mikro-orm/postgresql';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf } from '@parley/domain/conversation';
import { notify } from '@parley/persistence/listener';
import { nextPosition } from '@parley/persistence/stream-position';
import type { Folded } from '../lifecycle/conversation-fold.js';
import { HEARD } from '../parts.js';
import { DeskChangeRow } from './desk-change.entity.js';

/** What moved on desks, in the transaction that moved it: late in it, for the position's row stays locked. */

export const DESK_STREAM = 'desk';

type Change = Pick<DeskChangeRow, 'kind' | 'agents' | 'groups'> & Partial<DeskChangeRow>;

async function show(em: EntityManager, tenant: string, change: Change): Promise<void> {
  const position = String(await nextPosition(em, DESK_STREAM));
  await em.insert(DeskChangeRow, { at: new Date(), ...change, tenant, position });
  await notify(em, HEARD.desk, tenant);
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
  if (agents.length > 0) await show(em, tenant, { kind: 'capacity', agents: [...new Set(agents)], groups: [] });
}

/** Everybody with the conversation on the panel sees it; who that is, is looked up when it is sent. */
export async function showMessage(
  em: EntityManager,
  tenant: string,
  { conversationId, messageId }: { conversationId: string; messageId: string },
): Promise<void> {
  await show(em, tenant, { kind: 'message', conversationId, messageId, agents: [], groups: [] });
}
