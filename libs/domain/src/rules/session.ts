import type { SessionEndReason } from '@parley/contracts/conversation';
import type { Policy } from '@parley/contracts/policy';
import type { Conversation } from '@parley/contracts/state';
import { isEnded, isHandled } from '../conversation.js';
import type { Rule, Ruling } from '../decision.js';
import type { Draft } from '../draft.js';

/** E1-E7: the live exchange ends, the ticket stays open. Status, tags and ticket do not change by themselves. */
export const endSession: Rule<'endSession'> = (state, { caller, reason }) => {
  const isAgents = caller.kind === 'agent';
  const why = reason ?? (isAgents ? 'agent' : 'system');
  return {
    outcome: 'session-ended',
    refusedIf: {
      // An agent ends as agent, everything else as itself.
      FORBIDDEN_ROLE: isAgents !== (why === 'agent'),
      FEATURE_DISABLED: !mayEnd(state.policy, why),
    },
    then: sessionEnded(state, why),
  };
};

/** E1: off until an administrator turns it on; then agents may, and who else the policy names. */
export const mayEnd = ({ endSession, sessionEndsBy }: Policy, why: SessionEndReason): boolean =>
  endSession && (why === 'agent' || sessionEndsBy.includes(why));

export const sessionEnded = (state: Conversation, why: SessionEndReason): Draft[] | 'not-eligible' =>
  isHandled(state)
    ? [
        {
          type: 'conversation.session-ended',
          statusTo: 'wrap-up',
          reason: why,
          sessionEndReason: why,
          endedAgent: state.assignedTo,
        },
      ]
    : 'not-eligible';

/** B3: the agent is alerted; it is no close. */
export const visitorLeft: Rule<'visitorLeft'> = (state): Ruling => ({
  outcome: 'visitor-left',
  then: isEnded(state) ? 'not-eligible' : [{ type: 'conversation.visitor-left' }],
});
