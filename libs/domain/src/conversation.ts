import type { Conversation, Situated } from '@parley/contracts/state';
import type { Situation } from '@parley/contracts/policy';
import type { PendingReason, Status } from '@parley/contracts/conversation';

/** Questions that many rules ask of a conversation. */

type Open = Extract<Situated, { status: 'bot' | 'pending' | 'assigned' | 'active' | 'paused' }>;
type Ended = Extract<Situated, { status: 'closed' | 'cancelled' }>;
type With<S extends Status> = Conversation & { status: S };

const OPEN: readonly Status[] = ['bot', 'pending', 'assigned', 'active', 'paused'] satisfies Open['status'][];
const ENDED: readonly Status[] = ['closed', 'cancelled'] satisfies Ended['status'][];

/** A thread holds at most one of these; `wrap-up` is neither open nor ended. */
export const isOpen = (state: Conversation): boolean => OPEN.includes(state.status);

export const isEnded = (state: Conversation): state is With<'closed' | 'cancelled'> => ENDED.includes(state.status);

/** On an agent's panel, messaging live. */
export const isHandled = (state: Conversation): state is With<'assigned' | 'active'> =>
  state.status === 'assigned' || state.status === 'active';

/** Whose it is now: pausing keeps the assignee, so does the end of a session. */
export const assigneeOf = (state: Conversation): string | null => ('assignedTo' in state ? state.assignedTo : null);

/** Whose it is as far as `own` goes: once it ended, the agent it counts for. */
export const ownerOf = (state: Conversation): string | null =>
  isEnded(state) ? state.closing.statsAgent : assigneeOf(state);

/** The agent whose messaging room it takes; null: nobody's. */
export function holderOf(state: Conversation): string | null {
  if (isHandled(state)) return state.assignedTo;
  return state.status === 'paused' && !state.policy.pauseReleasesCapacity ? state.assignedTo : null;
}

/** How policies name where it stands; null once it has ended. */
export function situationOf(state: Conversation): Situation | null {
  if (isEnded(state)) return null;
  return state.status === 'pending' ? pending(state.pendingReason) : state.status;
}

const pending = (reason: PendingReason): Situation => `pending:${reason}`;

export const isIn = (state: Conversation, situations: readonly Situation[]): boolean => {
  const situation = situationOf(state);
  return situation !== null && situations.includes(situation);
};

export const countOfMessages = ({ messageCounts }: Conversation): number => messageCounts.visitor + messageCounts.agent;

/** The customer already has the next one; no event of this life says so, the next one's `started` does. */
export const succeededBy = (state: Conversation, nextConversationId: string): Conversation => ({
  ...state,
  nextConversationId,
});

/** One ticket a conversation (E2). */
export const ticketIdOf = (conversationId: string): string => `tkt_${conversationId.replace(/^cnv_/, '')}`;
