import type { ConversationView } from '@parley/contracts/conversation';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf, isEnded } from './conversation.js';

/** The conversation as it is answered everywhere (contract.md); whose commands are available depends on who asks, so null. */
export const viewOf = (state: Conversation): ConversationView => ({
  conversationId: state.conversationId,
  threadId: state.threadId,
  tenant: state.tenant,
  channelAccount: state.channelAccount,
  campaign: state.campaign,
  group: state.group,
  contactId: state.contactId,
  policy: { name: state.policy.name, version: state.policy.version },
  status: state.status,
  pendingReason: state.status === 'pending' ? state.pendingReason : null,
  sequence: state.sequence,
  episode: state.episode,
  assignedTo: assigneeOf(state),
  startedAt: state.startedAt,
  firstResponseAt: state.firstResponseAt,
  lastMessageAt: state.lastMessageAt,
  lastMessageFrom: state.lastMessageFrom,
  messageCounts: state.messageCounts,
  deadlineAt: state.deadlineAt,
  previousConversationId: state.previousConversationId,
  nextConversationId: state.nextConversationId,
  tags: state.tags,
  category: state.category,
  subcategory: state.subcategory,
  notes: state.notes,
  closing: isEnded(state) ? state.closing : null,
  survey: state.survey,
  ticketId: state.ticketId,
  archived: state.archived,
  erased: state.erased,
  availableCommands: null,
});
