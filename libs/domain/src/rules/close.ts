import { paymentVoided } from '../attribution.js';
import type { Rule } from '../decision.js';
import type { Draft } from '../draft.js';
import { commentFaults, endBy, endDraft, isFromHere, isGranted } from '../ending.js';
import { qualificationAfter, qualificationFaults, qualified } from '../qualification.js';
import { surveyAfter } from '../survey.js';

/** B1, B4, B5: an agent closes and qualifies. A1-A13: a supervisor or a program closes. */
export const close: Rule<'close'> = (state, command, facts, now) => {
  const after = qualificationAfter(state, command);
  const end = endBy(command, now);
  const events: Draft[] = [
    ...qualified(state, after),
    ...(command.noteId === undefined ? [] : [{ type: 'conversation.note-added', noteId: command.noteId } as const]),
    endDraft('conversation.closed', state, end, after),
    surveyAfter(state, facts.presence),
    ...paymentVoided(state, end.closedBy),
  ];
  const isAgents = command.caller.kind === 'agent';
  return {
    outcome: 'closed',
    refusedIf: {
      ...commentFaults(state, command),
      ...(!isAgents && !isGranted(state, command) && { FEATURE_DISABLED: true }),
      ...qualificationFaults(command, after, isAgents && state.policy.categoryToClose === 'required'),
    },
    // An agent reaches only its own, and while it is its own it may close it.
    then: isAgents || isFromHere(state, command) ? events : 'not-eligible',
  };
};

/** D4-D7: cancelled at that moment, and shown apart from closed; no survey. */
export const cancel: Rule<'cancel'> = (state, command, _facts, now) => {
  const after = qualificationAfter(state, command);
  const end = endBy(command, now);
  return {
    outcome: 'cancelled',
    refusedIf: {
      ...commentFaults(state, command),
      ...(!isGranted(state, command) && { FEATURE_DISABLED: true }),
      ...qualificationFaults(command, after, state.policy.categoryToCancel === 'required'),
    },
    then: isFromHere(state, command)
      ? [endDraft('conversation.cancelled', state, end, after), ...paymentVoided(state, end.closedBy)]
      : 'not-eligible',
  };
};
