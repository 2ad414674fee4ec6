import type { Conversation, Facts } from '@parley/contracts/state';
import { isEnded } from '../conversation.js';
import type { Rule, Ruling } from '../decision.js';
import { SYSTEM, type Draft } from '../draft.js';
import { warningDue } from '../due-at.js';
import { endDraft } from '../ending.js';
import { surveyAfter } from '../survey.js';
import { mayEnd, sessionEnded } from './session.js';

/** B12: the clock has come to a warning or to the end; never early. Asked too soon, it says that nothing is due. */
export const deadline: Rule<'deadline'> = (state, _command, facts, now) => {
  const { deadlineAt } = state;
  if (deadlineAt === null) return { outcome: 'unchanged', then: isEnded(state) ? 'not-eligible' : 'unchanged' };
  return now < deadlineAt ? warned(state, deadlineAt, now) : silenceEnds(state, deadlineAt, facts, now);
};

function warned(state: Conversation, deadlineAt: string, now: string): Ruling {
  const beforeMs = warningDue(state, deadlineAt, now);
  return {
    outcome: 'inactivity-warned',
    then:
      beforeMs === undefined
        ? 'unchanged'
        : [{ type: 'conversation.inactivity-warned', actor: SYSTEM, deadlineAt, beforeMs }],
  };
}

/** The session ends where the policy has sessions that end so; everything else closes, and into the archive. */
function silenceEnds(state: Conversation, deadlineAt: string, facts: Facts, now: string): Ruling {
  const session = mayEnd(state.policy, 'inactivity') ? sessionEnded(state, 'inactivity') : 'not-eligible';
  if (session !== 'not-eligible') return { outcome: 'session-ended', then: session };
  const end = { closeKind: 'natural', closedBy: SYSTEM, at: now, deadlineAt } as const;
  const events: Draft[] = [
    { ...endDraft('conversation.closed', state, end, state), actor: SYSTEM },
    { ...surveyAfter(state, facts.presence), actor: SYSTEM },
    { type: 'conversation.archived', actor: SYSTEM, reason: 'natural' },
  ];
  return { outcome: 'closed', then: events };
}
