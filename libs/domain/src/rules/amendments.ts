import type { Conversation } from '@parley/contracts/state';
import { isEnded } from '../conversation.js';
import type { Rule } from '../decision.js';
import { SYSTEM, type Draft } from '../draft.js';
import { endDraft } from '../ending.js';
import { qualificationAfter, qualificationFaults, qualified } from '../qualification.js';
import { surveySuppressed } from '../survey.js';

/** What may be said of a conversation at any time, the most of it also after its end; it moves nothing. */

/** B9: forgotten? What can still be added after the close is policy. */
const isTooLateFor = (state: Conversation, edit: 'tags' | 'notes'): boolean =>
  isEnded(state) && !state.policy.editsAfterClose.includes(edit);

const orUnchanged = (events: Draft[]): Draft[] | 'unchanged' => (events.length === 0 ? 'unchanged' : events);

/** B4, D6 */
export const qualify: Rule<'qualify'> = (state, command) => {
  const after = qualificationAfter(state, command);
  return {
    outcome: 'qualified',
    refusedIf: { FEATURE_DISABLED: isTooLateFor(state, 'tags'), ...qualificationFaults(command, after, false) },
    then: orUnchanged(qualified(state, after)),
  };
};

/** B5 */
export const addNote: Rule<'addNote'> = (state, { noteId }) => ({
  outcome: 'note-added',
  refusedIf: { FEATURE_DISABLED: isTooLateFor(state, 'notes') },
  then: state.notes.some(({ id }) => id === noteId) ? 'unchanged' : [{ type: 'conversation.note-added', noteId }],
});

/** A12: to the last agent who sent a message; nobody sends after the end, so it is then the one whom the closing event froze. */
export const trackTransaction: Rule<'trackTransaction'> = (state, { transactionId, amountMinor, currency, at }) => ({
  outcome: 'transaction-tracked',
  then: [
    {
      type: 'conversation.transaction-tracked',
      transactionId,
      amountMinor,
      currency,
      transactionAt: at,
      transactionAgent: state.lastSender,
    },
  ],
});

/** A9, E7: the answer to a survey that went out after the end, or that a trigger sent when the session ended. */
export const answerSurvey: Rule<'answerSurvey'> = (state, { surveyId, score }) => {
  const isAsked = state.survey?.decision === 'requested' || state.policy.survey === 'by-trigger';
  const isOver = isEnded(state) || state.status === 'wrap-up';
  return {
    outcome: 'survey-answered',
    then: isAsked && isOver ? [{ type: 'conversation.survey-answered', surveyId, score }] : 'not-eligible',
  };
};

/** B6: the agent, not the visitor, on the exchange and on the tool. */
export const rate: Rule<'rate'> = (_state, { exchange, tool }) => ({
  outcome: 'rated',
  then: [{ type: 'conversation.rated', exchange, tool }],
});

/**
 * X9: every personal field is about to become unreadable. Nothing can be commanded afterwards, so what has not ended
 * ends here: by the system, that no expert goes unpaid for it, and with nobody left to survey.
 */
export const erase: Rule<'erase'> = (state, _command, _facts, now) => ({
  outcome: 'erased',
  then: [...(isEnded(state) ? [] : closedFirst(state, now)), { type: 'conversation.erased' }],
});

const closedFirst = (state: Conversation, now: string): Draft[] => [
  endDraft('conversation.closed', state, { closeKind: 'api', closedBy: SYSTEM, at: now }, state),
  surveySuppressed('contact-erased'),
];
