import type { Lease } from '@parley/contracts/command';
import type { PendingReason } from '@parley/contracts/conversation';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf, holderOf, isHandled, isIn } from '../conversation.js';
import type { Faults, Rule, Ruling } from '../decision.js';
import { queued } from '../draft.js';
import { resumed } from './message.js';

/** Who has it: from the queue to an agent, from agent to agent, aside and back. Room on the desk first (architecture.md 12). */

/** The last of all checks. An agent who still holds the room of a paused conversation needs no other. */
function roomFaults(state: Conversation, to: string, lease: Lease | undefined): Faults {
  if (lease === undefined || 'granted' in lease || holderOf(state) === to) return {};
  return {
    TARGET_UNAVAILABLE: lease.refused === 'TARGET_UNAVAILABLE',
    CAPACITY_FULL: lease.refused === 'CAPACITY_FULL',
  };
}

/** The router gives a waiting conversation to an agent; an agent picks one, also from the paused ones, for itself. */
export const assign: Rule<'assign'> = (state, { caller, to, lease }) => {
  const isPick = caller.kind === 'agent';
  const isFree = state.status === 'pending' || (isPick && state.status === 'paused');
  return {
    outcome: 'assigned',
    refusedIf: { FORBIDDEN_SCOPE: isPick && to !== caller.id, ...roomFaults(state, to, lease) },
    then: isFree
      ? [
          {
            type: 'conversation.assigned',
            statusTo: 'assigned',
            reason: isPick ? 'picked' : 'routed',
            assignedTo: to,
          },
        ]
      : 'not-eligible',
  };
};

/** D4. A supervisor and a program are held to the policy's situations, an agent to its own conversations. */
export const reassign: Rule<'reassign'> = (state, { caller, to, group, commentId, lease }) => {
  const { integrationVerbs, supervisorReassignFrom } = state.policy;
  const assignedFrom = assigneeOf(state);
  const isHere = isReassignable(state) && (caller.kind === 'agent' || isIn(state, supervisorReassignFrom));
  return {
    outcome: 'reassigned',
    refusedIf: {
      FEATURE_DISABLED: caller.kind === 'integration' && !integrationVerbs.includes('reassign'),
      ...(to !== assignedFrom && roomFaults(state, to, lease)),
    },
    then: isHere ? handedTo() : 'not-eligible',
  };

  function handedTo(): Ruling['then'] {
    if (to === assignedFrom) return 'unchanged';
    if (lease === undefined) return 'ask-lease';
    return [
      {
        type: 'conversation.reassigned',
        statusTo: 'assigned',
        assignedTo: to,
        assignedFrom,
        commentId: commentId ?? null,
        ...(group !== undefined && { group }),
      },
    ];
  }
};

const isReassignable = (state: Conversation): boolean =>
  state.status === 'pending' || state.status === 'paused' || isHandled(state);

/** B10: off the panel, still in the picking list, not counted as closed; the visitor owes an answer. */
export const pause: Rule<'pause'> = (state, { caller }) => ({
  outcome: 'paused',
  refusedIf: {
    FEATURE_DISABLED:
      !state.policy.pause || (caller.kind === 'integration' && !state.policy.integrationVerbs.includes('pause')),
  },
  then: isHandled(state)
    ? [{ type: 'conversation.paused', statusTo: 'paused', assignedTo: state.assignedTo }]
    : 'not-eligible',
});

export const resume: Rule<'resume'> = (state, { lease }) =>
  state.status === 'paused'
    ? {
        outcome: 'resumed',
        refusedIf: roomFaults(state, state.assignedTo, lease),
        then: [resumed(state.assignedTo)],
      }
    : { outcome: 'resumed', then: 'not-eligible' };

export const returnToQueue: Rule<'returnToQueue'> = (state) => ({
  outcome: 'returned',
  then: isHandled(state)
    ? [{ type: 'conversation.returned', statusTo: 'pending', reason: 'returned', returnedBy: state.assignedTo }]
    : 'not-eligible',
});

/** The bot, or the last step of the flow, hands over to people; from now on perhaps those of another group. */
export const handOver: Rule<'handOver'> = (state, { group, pendingReason = 'in-queue' }) => ({
  outcome: 'queued',
  then: state.status === 'bot' ? [{ ...queued(pendingReason), ...(group !== undefined && { group }) }] : 'not-eligible',
});

/** The router says why it still waits. */
export const requeue: Rule<'requeue'> = (state, { pendingReason }) => ({
  outcome: 'queued',
  then: state.status === 'pending' ? waitFor(state.pendingReason, pendingReason) : 'not-eligible',
});

const waitFor = (before: PendingReason, after: PendingReason): Ruling['then'] =>
  before === after ? 'unchanged' : [queued(after)];
