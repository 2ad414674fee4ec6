import type { Presence, SurveySuppression } from '@parley/contracts/conversation';
import type { Conversation } from '@parley/contracts/state';
import type { Draft } from './draft.js';

/** A9: every close is followed by exactly one of *requested* or *suppressed, because*. */
export function surveyAfter(state: Conversation, presence: Presence): Draft {
  const suppression = suppressionOf(state, presence);
  return suppression === null
    ? { type: 'conversation.survey-requested', surveyId: surveyIdOf(state) }
    : surveySuppressed(suppression);
}

export const surveySuppressed = (suppression: SurveySuppression): Draft => ({
  type: 'conversation.survey-suppressed',
  reason: suppression,
  suppression,
});

const surveyIdOf = ({ conversationId, episode }: Conversation): string => `${conversationId}:survey:${episode}`;

function suppressionOf(state: Conversation, presence: Presence): SurveySuppression | null {
  if (!state.surveyOn) return 'survey-off';
  switch (state.policy.survey) {
    case 'off':
      return 'survey-off';
    case 'by-trigger':
      return 'only-by-trigger';
    case 'always':
      return null;
    case 'reachable':
      return isReachable(state, presence) ? null : `visitor-not-${state.policy.surveyPresence}`;
  }
}

/** A third-party channel reaches the visitor always, the own site only while "connecté", in the sense that the policy chose. */
const isReachable = ({ channelKind, policy }: Conversation, presence: Presence): boolean =>
  channelKind === 'third-party' || presence[policy.surveyPresence];
