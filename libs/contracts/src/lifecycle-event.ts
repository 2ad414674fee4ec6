import { z } from 'zod';
import { Actor } from './actor.js';
import {
  CloseKind,
  Closing,
  MessageCounts,
  PendingReason,
  SessionEndReason,
  Status,
  SurveySuppression,
} from './conversation.js';
import { Policy } from './policy.js';
import { ConversationId, Instant, ThreadId } from './primitives.js';

/** What every event of a life says: who, from where to where, why, in which context; flat, so that few questions need a join. */
const life = {
  time: Instant,
  sequence: z.int().min(1),
  tenantid: z.string(),
  threadid: ThreadId,
  episode: z.int().min(1),
  policyversion: z.int().min(1),
  commandid: z.string(),
  causationid: z.string().optional(),
  correlationid: z.string().optional(),
  traceparent: z.string().optional(),
  conversationId: ConversationId,
  statusFrom: Status.nullable(),
  statusTo: Status,
  actor: Actor,
  reason: z.string().nullable(),
  channelAccount: z.string(),
  campaign: z.string(),
  group: z.string(),
};

/** `started` and `reactivated` pin everything later decisions rest on, so the log alone rebuilds the state. */
const episodeStart = {
  policy: Policy,
  contactId: z.string(),
  channelKind: z.enum(['site', 'third-party']),
  surveyOn: z.boolean(),
  paidPerConversation: z.boolean(),
};

/** The figures and the four attributions of an end: frozen here, amended never. */
const closing = {
  closeKind: CloseKind,
  deadlineAt: Instant.nullable(),
  closedBy: Closing.shape.closedBy,
  statsAgent: Closing.shape.statsAgent,
  transactionAgent: Closing.shape.transactionAgent,
  paymentExpert: Closing.shape.paymentExpert,
  category: Closing.shape.category,
  subcategory: Closing.shape.subcategory,
  commentId: Closing.shape.commentId,
  tags: z.array(z.string()),
  startedAt: Instant,
  firstResponseAt: Instant.nullable(),
  closedAt: Instant,
  messageCounts: MessageCounts,
};

const event = <const T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.looseObject({ type: z.literal(type), ...life, ...shape });

const assignee = { assignedTo: z.string() };
const qualification = {
  tags: z.array(z.string()),
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
};

export const LIFECYCLE_EVENTS = {
  started: event('conversation.started', { ...episodeStart, previousConversationId: z.string().nullable() }),
  queued: event('conversation.queued', { pendingReason: PendingReason }),
  assigned: event('conversation.assigned', assignee),
  activated: event('conversation.activated', assignee),
  paused: event('conversation.paused', assignee),
  resumed: event('conversation.resumed', assignee),
  returned: event('conversation.returned', { returnedBy: z.string() }),
  reassigned: event('conversation.reassigned', {
    ...assignee,
    assignedFrom: z.string().nullable(),
    commentId: z.string().nullable(),
  }),
  'visitor-left': event('conversation.visitor-left', {}),
  'inactivity-warned': event('conversation.inactivity-warned', { deadlineAt: Instant, beforeMs: z.int() }),
  'session-ended': event('conversation.session-ended', { sessionEndReason: SessionEndReason, endedAgent: z.string() }),
  qualified: event('conversation.qualified', qualification),
  'note-added': event('conversation.note-added', { noteId: z.string() }),
  closed: event('conversation.closed', closing),
  cancelled: event('conversation.cancelled', closing),
  archived: event('conversation.archived', {}),
  reactivated: event('conversation.reactivated', episodeStart),
  'survey-requested': event('conversation.survey-requested', { surveyId: z.string() }),
  'survey-suppressed': event('conversation.survey-suppressed', { suppression: SurveySuppression }),
  'survey-answered': event('conversation.survey-answered', { surveyId: z.string(), score: z.int() }),
  rated: event('conversation.rated', { exchange: z.int().nullable(), tool: z.int().nullable() }),
  'transaction-tracked': event('conversation.transaction-tracked', {
    transactionId: z.string(),
    amountMinor: z.int(),
    currency: z.string().length(3),
    transactionAt: Instant,
    transactionAgent: z.string().nullable(),
  }),
  'payment-voided': event('conversation.payment-voided', { expert: z.string() }),
  erased: event('conversation.erased', {}),
} as const;

const all = LIFECYCLE_EVENTS;
/** One event of a conversation's life, as it is decided. Publishing adds {@link Envelope}. */
export const LifecycleEvent = z.discriminatedUnion('type', [
  all.started,
  all.queued,
  all.assigned,
  all.activated,
  all.paused,
  all.resumed,
  all.returned,
  all.reassigned,
  all['visitor-left'],
  all['inactivity-warned'],
  all['session-ended'],
  all.qualified,
  all['note-added'],
  all.closed,
  all.cancelled,
  all.archived,
  all.reactivated,
  all['survey-requested'],
  all['survey-suppressed'],
  all['survey-answered'],
  all.rated,
  all['transaction-tracked'],
  all['payment-voided'],
  all.erased,
]);

type Known = z.infer<typeof LifecycleEvent>;
/** Without the index signature that `looseObject` infers: what we write is closed, what we read stays open. */
type Closed<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
type EachClosed<T> = T extends unknown ? Closed<T> : never;
export type LifecycleEvent = EachClosed<Known>;
export type LifecycleEventType = LifecycleEvent['type'];

/**
 * An event of a type that only a newer deployment knows, with all that it says: it has its place in the life, and
 * changes nothing here. Who reads it marks it.
 */
export const NewerEvent = z.looseObject({
  isOfNewerType: z.literal(true),
  type: z.string(),
  time: life.time,
  sequence: life.sequence,
  tenantid: life.tenantid,
  threadid: life.threadid,
  conversationId: life.conversationId,
});
export type NewerEvent = Closed<z.infer<typeof NewerEvent>>;
/** The event of one type: `EventOf<'conversation.closed'>`. */
export type EventOf<T extends LifecycleEventType> = Extract<LifecycleEvent, { type: T }>;
