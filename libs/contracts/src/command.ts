import { z } from 'zod';
import { Caller } from './actor.js';
import { Author, PendingReason, Presence, SessionEndReason } from './conversation.js';
import { Policy } from './policy.js';
import { ConversationId, Instant, Slug, ThreadId } from './primitives.js';
import { ReasonCode } from './reason.js';

/** Everything the start of an episode rests on; resolved by inbox: conversation ← campaign ← channel ← tenant. */
export const EpisodeStart = z.strictObject({
  policy: Policy,
  channelAccount: Slug,
  channelKind: z.enum(['site', 'third-party']),
  surveyOn: z.boolean(),
  campaign: Slug,
  paidPerConversation: z.boolean(),
  group: Slug,
  contactId: z.string(),
  /** Where it waits after the flow has handed over. */
  pendingReason: PendingReason,
});
export type EpisodeStart = z.infer<typeof EpisodeStart>;

/** A place on an agent's desk: granted by inbox's ledger before the Update, or the reason why not (architecture.md 12). */
export const Lease = z.union([
  z.strictObject({ granted: z.string() }),
  z.strictObject({ refused: z.enum(['TARGET_UNAVAILABLE', 'CAPACITY_FULL']) }),
]);
export type Lease = z.infer<typeof Lease>;

/** What every command says beside its own fields. */
export const commandBase = {
  commandId: z.string().max(200),
  caller: Caller,
  /** The episode that is meant; an older one is answered with that episode's first record. */
  episode: z.int().min(1).optional(),
  ifSequence: z.int().min(0).optional(),
  ifMessageCount: z.int().min(0).optional(),
  correlationid: z.string().max(200).optional(),
  traceparent: z.string().max(100).optional(),
};

const command = <const T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...commandBase, ...shape });

const qualification = {
  tags: z.array(z.string()).max(50).optional(),
  category: z.string().optional(),
  subcategory: z.string().optional(),
  /** The category that the sub-category belongs to, as the taxonomy says; null: none. Left out when nobody looked. */
  subcategoryOf: z.string().nullable().optional(),
};

/** One message, already stored, that must find its conversation. */
export const messageShape = {
  messageId: z.string(),
  author: Author,
  agentId: z.string().optional(),
  acceptedAt: Instant,
  length: z.int().min(0).nullable(),
  presence: Presence.optional(),
  /** For a paused conversation: room for its agent, if there is (mission.md, "message of the visitor on paused"). */
  lease: Lease.optional(),
};

export const COMMANDS = {
  start: command('start', {
    ...messageShape,
    tenant: z.string(),
    threadId: ThreadId,
    conversationId: ConversationId,
    start: EpisodeStart,
    previousConversationId: z.string().nullable(),
  }),
  reactivate: command('reactivate', { ...messageShape, start: EpisodeStart }),
  message: command('message', messageShape),
  handOver: command('handOver', { group: Slug.optional(), pendingReason: PendingReason.optional() }),
  requeue: command('requeue', { pendingReason: PendingReason }),
  assign: command('assign', { to: z.string(), lease: Lease }),
  reassign: command('reassign', {
    to: z.string(),
    /** The target's group, when it does not serve the conversation's. */
    group: Slug.optional(),
    commentId: z.string().optional(),
    /** Left out: the ledger must be asked first. */
    lease: Lease.optional(),
  }),
  pause: command('pause', {}),
  resume: command('resume', { lease: Lease }),
  returnToQueue: command('returnToQueue', {}),
  close: command('close', {
    ...qualification,
    noteId: z.string().optional(),
    commentId: z.string().optional(),
    /** One item of a bulk operation: `closeKind: bulk`. */
    bulk: z.boolean().optional(),
  }),
  cancel: command('cancel', { ...qualification, commentId: z.string().optional(), bulk: z.boolean().optional() }),
  endSession: command('endSession', { reason: SessionEndReason.optional() }),
  visitorLeft: command('visitorLeft', {}),
  deadline: command('deadline', {}),
  qualify: command('qualify', qualification),
  addNote: command('addNote', { noteId: z.string() }),
  trackTransaction: command('trackTransaction', {
    transactionId: z.string(),
    amountMinor: z.int(),
    currency: z.string().length(3),
    at: Instant,
  }),
  answerSurvey: command('answerSurvey', { surveyId: z.string(), score: z.int() }),
  rate: command('rate', { exchange: z.int().min(1).max(5).nullable(), tool: z.int().min(1).max(5).nullable() }),
  erase: command('erase', {}),
} as const;

const all = COMMANDS;
export const Command = z.discriminatedUnion('type', [
  all.start,
  all.reactivate,
  all.message,
  all.handOver,
  all.requeue,
  all.assign,
  all.reassign,
  all.pause,
  all.resume,
  all.returnToQueue,
  all.close,
  all.cancel,
  all.endSession,
  all.visitorLeft,
  all.deadline,
  all.qualify,
  all.addNote,
  all.trackTransaction,
  all.answerSurvey,
  all.rate,
  all.erase,
]);
export type Command = z.infer<typeof Command>;
export type CommandType = Command['type'];
export type CommandOf<T extends CommandType> = Extract<Command, { type: T }>;

/** A refusal is a value. */
export const Refusal = z.strictObject({
  reason: ReasonCode,
  currentSequence: z.int().min(0),
  nextConversationId: z.string().nullable(),
});
export type Refusal = z.infer<typeof Refusal>;
