import type { Conversation, ConversationCore, Situated } from '@parley/contracts/state';
import type { EventOf, LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import { isEnded, ticketIdOf } from './conversation.js';
import { warningsUpTo, withClock } from './due-at.js';

type EpisodeStarted = EventOf<'conversation.started'> | EventOf<'conversation.reactivated'>;
type Ending = EventOf<'conversation.closed'> | EventOf<'conversation.cancelled'>;
type Living = Exclude<LifecycleEvent, EventOf<'conversation.started'>>;

/**
 * The state after one more event of either log: a life's events by `sequence`, a message after the events it caused.
 * Knows every type of its own; one of a newer deployment takes its place in the life and changes nothing else.
 */
export function evolve(
  state: Conversation | undefined,
  event: LifecycleEvent | NewerEvent | MessageEvent,
): Conversation {
  if (!isNewer(event) && event.type === 'conversation.started') return withClock(begun(event));
  if (state === undefined) throw new Error(`${event.type} of ${event.conversationId} before its conversation.started`);
  if (isNewer(event)) return { ...state, sequence: event.sequence };
  if (isMessage(event)) return withClock(said(state, event));
  return withClock({ ...lived(state, event), sequence: event.sequence, group: event.group });
}

export const isNewer = (event: LifecycleEvent | NewerEvent | MessageEvent): event is NewerEvent =>
  'isOfNewerType' in event;
const isMessage = (event: LifecycleEvent | MessageEvent): event is MessageEvent => 'messageNumber' in event;

/** One case an event: first those that move it, then those that leave it where it is. */
function lived(state: Conversation, event: Living): Conversation {
  switch (event.type) {
    case 'conversation.queued':
      return queued(state, event);
    case 'conversation.returned':
      return situate(state, { status: 'pending', pendingReason: 'returned' });
    case 'conversation.assigned':
    case 'conversation.reassigned':
      return situate(state, { status: 'assigned', assignedTo: event.assignedTo });
    case 'conversation.activated':
    case 'conversation.resumed':
      return situate(state, { status: 'active', assignedTo: event.assignedTo });
    case 'conversation.paused':
      return situate(state, { status: 'paused', assignedTo: event.assignedTo });
    case 'conversation.session-ended':
      return sessionEnded(state, event);
    case 'conversation.closed':
      return ended(state, event, 'closed');
    case 'conversation.cancelled':
      return ended(state, event, 'cancelled');
    case 'conversation.reactivated':
      return begunAgain(state, event);
    case 'conversation.inactivity-warned':
      return { ...state, warningsGiven: warningsUpTo(state, event.beforeMs) };
    case 'conversation.qualified':
      return { ...state, tags: event.tags, category: event.category, subcategory: event.subcategory };
    case 'conversation.note-added':
      return noted(state, event);
    case 'conversation.survey-requested':
      return { ...state, survey: { decision: 'requested', reason: null } };
    case 'conversation.survey-suppressed':
      return { ...state, survey: { decision: 'suppressed', reason: event.suppression } };
    case 'conversation.archived':
      return { ...state, archived: true };
    case 'conversation.erased':
      return { ...state, erased: true };
    case 'conversation.visitor-left':
    case 'conversation.survey-answered':
    case 'conversation.rated':
    case 'conversation.transaction-tracked':
    case 'conversation.payment-voided':
      return state;
  }
}

/** The state in another situation: the fields of the old one go, those of the new one come. */
function situate(state: Conversation, situated: Situated): Conversation {
  const none = { pendingReason: null, assignedTo: null, sessionEndReason: null, closing: null };
  const { status, pendingReason, assignedTo, sessionEndReason, closing, ...core } = { ...none, ...state };
  return { ...core, ...situated };
}

/** What an episode begins with, taken anew each time; what the whole conversation keeps is not here. */
const episodeOf = (event: EpisodeStarted) => ({
  channelAccount: event.channelAccount,
  channelKind: event.channelKind,
  surveyOn: event.surveyOn,
  campaign: event.campaign,
  paidPerConversation: event.paidPerConversation,
  group: event.group,
  contactId: event.contactId,
  policy: event.policy,
  episode: event.episode,
  startedAt: event.time,
  firstResponseAt: null,
  lastMessageAt: null,
  lastMessageFrom: null,
  tags: [],
  category: null,
  subcategory: null,
  lastSender: null,
  survey: null,
  archived: false,
});

function begun(event: EventOf<'conversation.started'>): Conversation {
  const core: ConversationCore = {
    conversationId: event.conversationId,
    threadId: event.threadid,
    tenant: event.tenantid,
    ...episodeOf(event),
    sequence: event.sequence,
    messageCounts: { visitor: 0, agent: 0 },
    lastMessageNumber: 0,
    deadlineAt: null,
    warningsGiven: 0,
    previousConversationId: event.previousConversationId,
    nextConversationId: null,
    notes: [],
    ticketId: null,
    erased: false,
    closings: [],
  };
  return { ...core, status: 'bot' };
}

/** D8: the next episode of the same conversation; counts, message numbers, notes and first records go on. */
const begunAgain = (state: Conversation, event: EventOf<'conversation.reactivated'>): Conversation =>
  situate({ ...state, ...episodeOf(event) }, { status: 'bot' });

/** E2: the hand-over to people makes the ticket. */
function queued(state: Conversation, event: EventOf<'conversation.queued'>): Conversation {
  const ticketId = state.policy.tickets ? ticketIdOf(state.conversationId) : state.ticketId;
  return situate({ ...state, ticketId }, { status: 'pending', pendingReason: event.pendingReason });
}

/** E3, E5, E6: the exchange is over, the ticket stays with its agent. */
const sessionEnded = (state: Conversation, event: EventOf<'conversation.session-ended'>): Conversation =>
  situate(state, { status: 'wrap-up', assignedTo: event.endedAgent, sessionEndReason: event.sessionEndReason });

/** B5, B9: what is written after the end is marked so. */
function noted(state: Conversation, event: EventOf<'conversation.note-added'>): Conversation {
  const note = { id: event.noteId, at: event.time, by: event.actor.id, afterClose: isEnded(state) };
  return { ...state, notes: [...state.notes, note] };
}

function ended(state: Conversation, event: Ending, status: 'closed' | 'cancelled'): Conversation {
  const { closeKind, deadlineAt, closedBy, statsAgent, transactionAgent, paymentExpert, commentId } = event;
  const { tags, category, subcategory } = event;
  const attributions = { closedBy, statsAgent, transactionAgent, paymentExpert };
  const closing = { closeKind, at: event.closedAt, deadlineAt, ...attributions, category, subcategory, commentId };
  const record = { episode: event.episode, sequence: event.sequence, status, closing };
  const closings = [...state.closings, record];
  return situate({ ...state, tags, category, subcategory, closings }, { status, closing });
}

/** Either side's message: counted, and the clock starts again from the newest one (B12). */
function said(state: Conversation, event: MessageEvent): Conversation {
  const { author, acceptedAt, messageNumber } = event;
  const messageCounts = { ...state.messageCounts, [author]: state.messageCounts[author] + 1 };
  const counted = {
    ...state,
    ...(author === 'agent' && answer(state, event)),
    messageCounts,
    lastMessageNumber: messageNumber,
  };
  const isNewest = state.lastMessageAt === null || acceptedAt >= state.lastMessageAt;
  return isNewest ? { ...counted, lastMessageAt: acceptedAt, lastMessageFrom: author } : counted;
}

/** A12, A8: the last agent who sent, whoever it is assigned to by then. */
const answer = (state: Conversation, { acceptedAt, agentId }: MessageEvent) => ({
  firstResponseAt: state.firstResponseAt ?? acceptedAt,
  lastSender: agentId ?? state.lastSender,
});
