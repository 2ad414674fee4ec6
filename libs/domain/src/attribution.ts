import type { Actor } from '@parley/contracts/actor';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf } from './conversation.js';
import type { Draft } from './draft.js';

/** Four people who must never share a field (mission.md): decided here, frozen in the closing event. */
export const attributionsOf = (state: Conversation, closedBy: Actor) => ({
  /** A10 */
  closedBy,
  /** A11: on whose panel it was, a paused one on that of the agent who paused it; with nobody assigned nobody. */
  statsAgent: assigneeOf(state),
  /** A12: the last agent who sent a message: not the assignee, not the closer. */
  transactionAgent: state.lastSender,
  /** A8 */
  paymentExpert: isUnpaid(closedBy) ? null : expertOf(state),
});

/** On a paid-per-conversation campaign the last expert to write. */
const expertOf = (state: Conversation): string | null => (state.paidPerConversation ? state.lastSender : null);

/** A8: a supervisor's close, in bulk too; not a program's. */
const isUnpaid = (closedBy: Actor): boolean => closedBy.kind === 'supervisor';

/** The expert whom this end leaves unpaid, if there is one. */
export function paymentVoided(state: Conversation, closedBy: Actor): Draft[] {
  const expert = expertOf(state);
  return expert !== null && isUnpaid(closedBy) ? [{ type: 'conversation.payment-voided', expert }] : [];
}
