import type { Conversation } from '@parley/contracts/state';
import type { ConversationView } from '@parley/contracts/conversation';
import { isEnded } from '@parley/domain/conversation';
import { viewOf } from '@parley/domain/view';

const withNew = (known: readonly string[], value: string): string[] => [...new Set([...known, value])];

const FAR_AWAY = '9999-12-31T23:59:59.999Z';

interface Past {
  readonly pastGroups: readonly string[];
  readonly pastCampaigns: readonly string[];
}

/** What lists ask for, taken out of the state; a pure function of it but for where it has been before. */
export function columnsOf(state: Conversation, past: Past) {
  const { closing, assignedTo } = viewOf(state);
  return {
    state,
    status: state.status,
    ended: isEnded(state),
    channelAccount: state.channelAccount,
    campaign: state.campaign,
    groupId: state.group,
    contactId: state.contactId,
    agent: closing === null ? assignedTo : closing.statsAgent,
    startedAt: state.startedAt,
    lastMessageAt: state.lastMessageAt,
    idleSince: state.lastMessageAt ?? state.startedAt,
    deadlineAt: state.deadlineAt,
    deadlineOrder: state.deadlineAt ?? FAR_AWAY,
    pastGroups: withNew(past.pastGroups, state.group),
    pastCampaigns: withNew(past.pastCampaigns, state.campaign),
    search: searchText(state),
  };
}

/** Ids, names of things and tags, never what was said: nothing else is known here. */
function searchText(state: Conversation): string {
  const { assignedTo, closing } = viewOf(state);
  const words = [
    state.conversationId,
    state.threadId,
    state.contactId,
    state.channelAccount,
    state.campaign,
    state.group,
    assignedTo,
    closing?.statsAgent,
    closing?.closedBy.id,
    state.category,
    state.subcategory,
    ...state.tags,
  ];
  return words
    .filter((word) => typeof word === 'string')
    .join(' ')
    .toLowerCase();
}

const digits = (count: number): string => String(count).padStart(10, '0');

/** Of two states of one conversation the newer has the greater version, as text. */
export function versionOf({ sequence, messageCounts, nextConversationId }: ConversationView): string {
  const said = messageCounts.visitor + messageCounts.agent;
  return `${digits(sequence)}.${digits(said)}.${nextConversationId === null ? 0 : 1}`;
}
