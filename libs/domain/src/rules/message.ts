import type { CommandOf, EpisodeStart } from '@parley/contracts/command';
import type { Conversation } from '@parley/contracts/state';
import { holderOf, ownerOf } from '../conversation.js';
import type { Rule, Ruling } from '../decision.js';
import { pinned, queued, type Draft } from '../draft.js';

/** A first message: the conversation begins; without steps of a flow it is handed over at once (D1, E10). */
export const begun = ({ start, previousConversationId }: CommandOf<'start'>): Draft[] => [
  { type: 'conversation.started', statusTo: 'bot', ...pinned(start), previousConversationId },
  ...handedOverAtOnce(start),
];

const handedOverAtOnce = ({ policy, pendingReason }: EpisodeStart): Draft[] =>
  policy.flowSteps > 0 ? [] : [queued(pendingReason)];

/** D1, D8: the customer of a cancelled conversation writes again and enters the flow from its beginning. Nobody else can. */
export const reactivate: Rule<'reactivate'> = (state, { start }) => ({
  outcome: 'message-received',
  refusedIf: { FEATURE_DISABLED: state.policy.afterCancelled !== 'reactivate' },
  then:
    state.status === 'cancelled'
      ? [{ type: 'conversation.reactivated', statusTo: 'bot', ...pinned(start) }, ...handedOverAtOnce(start)]
      : 'not-eligible',
});

/** Messages have their own log; the life hears only of what they change in it. */
export const message: Rule<'message'> = (state, command) =>
  command.author === 'agent' ? sent(state, command) : { outcome: 'message-received', then: received(state, command) };

function received(state: Conversation, { lease }: CommandOf<'message'>): Ruling['then'] {
  switch (state.status) {
    case 'bot':
    case 'pending':
    case 'assigned':
    case 'active':
      return [];
    case 'paused':
      return holderOf(state) !== null || (lease !== undefined && 'granted' in lease)
        ? [resumed(state.assignedTo, 'visitor-message')]
        : [queued('in-queue', 'visitor-message')];
    case 'wrap-up':
    case 'closed':
    case 'cancelled':
      return 'not-eligible';
  }
}

/** Only the assignee writes, with its own hands or through a program that says so. */
function sent(state: Conversation, command: CommandOf<'message'>): Ruling {
  const sender = command.caller.kind === 'agent' ? command.caller.id : command.agentId;
  return {
    outcome: 'message-sent',
    refusedIf: { FORBIDDEN_SCOPE: sender !== ownerOf(state) },
    then: firstWord(state),
  };
}

function firstWord(state: Conversation): Ruling['then'] {
  if (state.status === 'active') return [];
  return state.status === 'assigned'
    ? [{ type: 'conversation.activated', statusTo: 'active', assignedTo: state.assignedTo }]
    : 'not-eligible';
}

export const resumed = (assignedTo: string, reason?: string): Draft => ({
  type: 'conversation.resumed',
  statusTo: 'active',
  assignedTo,
  ...(reason !== undefined && { reason }),
});
