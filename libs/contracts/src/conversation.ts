import { z } from 'zod';
import { Actor } from './actor.js';
import { ConversationId, Count, Instant, ThreadId } from './primitives.js';
import { ReasonCode } from './reason.js';

export const Status = z.enum(['bot', 'pending', 'assigned', 'active', 'paused', 'wrap-up', 'closed', 'cancelled']);
export type Status = z.infer<typeof Status>;

export const PendingReason = z.enum(['in-queue', 'out-of-hours', 'agents-offline', 'icr', 'returned']);
export type PendingReason = z.infer<typeof PendingReason>;

export const CloseKind = z.enum(['agent', 'supervisor', 'natural', 'api', 'bulk', 'visitor', 'bot']);
export type CloseKind = z.infer<typeof CloseKind>;

export const SessionEndReason = z.enum(['agent', 'end-user', 'inactivity', 'system']);
export type SessionEndReason = z.infer<typeof SessionEndReason>;

export const Author = z.enum(['visitor', 'agent']);
export type Author = z.infer<typeof Author>;

/** What the channel or the site last said of the visitor; both are carried, policy says which counts (A9). */
export const Presence = z.strictObject({ online: z.boolean(), authenticated: z.boolean() });
export type Presence = z.infer<typeof Presence>;

export const MessageCounts = z.strictObject({ visitor: Count, agent: Count });
export type MessageCounts = z.infer<typeof MessageCounts>;

/** The first record of an end: decided once, frozen in the closing event. The four people never share a field. */
export const Closing = z.strictObject({
  closeKind: CloseKind,
  at: Instant,
  deadlineAt: Instant.nullable(),
  closedBy: Actor,
  statsAgent: z.string().nullable(),
  transactionAgent: z.string().nullable(),
  paymentExpert: z.string().nullable(),
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
  commentId: z.string().nullable(),
});
export type Closing = z.infer<typeof Closing>;

export const SurveySuppression = z.enum([
  'survey-off',
  'only-by-trigger',
  'visitor-not-authenticated',
  'visitor-not-online',
  /** The contact is being erased: nobody is left to ask (X9). */
  'contact-erased',
]);
export type SurveySuppression = z.infer<typeof SurveySuppression>;

export const Survey = z.strictObject({
  decision: z.enum(['requested', 'suppressed']),
  reason: SurveySuppression.nullable(),
});
export type Survey = z.infer<typeof Survey>;

export const NoteRef = z.strictObject({ id: z.string(), at: Instant, by: z.string(), afterClose: z.boolean() });
export type NoteRef = z.infer<typeof NoteRef>;

/** What a person or program may ask for, as `availableCommands` names it. */
export const CommandName = z.enum([
  'message',
  'pick',
  'pause',
  'resume',
  'return-to-queue',
  'reassign',
  'hand-over',
  'close',
  'cancel',
  'end-session',
  'qualify',
  'add-note',
]);
export type CommandName = z.infer<typeof CommandName>;

export const AvailableCommand = z.strictObject({
  command: CommandName,
  enabled: z.boolean(),
  reasonCode: ReasonCode.nullable(),
});
export type AvailableCommand = z.infer<typeof AvailableCommand>;

/** A conversation wherever it is answered; what does not apply is null (contract.md). */
export const ConversationView = z.strictObject({
  conversationId: ConversationId,
  threadId: ThreadId,
  tenant: z.string(),
  channelAccount: z.string(),
  campaign: z.string(),
  group: z.string(),
  contactId: z.string(),
  policy: z.strictObject({ name: z.string(), version: z.int() }),
  status: Status,
  pendingReason: PendingReason.nullable(),
  sequence: z.int().min(1),
  episode: z.int().min(1),
  assignedTo: z.string().nullable(),
  startedAt: Instant,
  firstResponseAt: Instant.nullable(),
  lastMessageAt: Instant.nullable(),
  lastMessageFrom: Author.nullable(),
  messageCounts: MessageCounts,
  deadlineAt: Instant.nullable(),
  previousConversationId: z.string().nullable(),
  nextConversationId: z.string().nullable(),
  tags: z.array(z.string()),
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
  notes: z.array(NoteRef),
  closing: Closing.nullable(),
  survey: Survey.nullable(),
  ticketId: z.string().nullable(),
  archived: z.boolean(),
  erased: z.boolean(),
  availableCommands: z.array(AvailableCommand).nullable(),
});
export type ConversationView = z.infer<typeof ConversationView>;

/** What a command set off, or in a dry run would set off. `text` follows Accept-Language and is added by the service. */
export const EffectCode = z.enum([
  'survey-requested',
  'survey-suppressed',
  'expert-unpaid',
  'counts-for',
  'visitor-told',
  'capacity-freed',
  'capacity-held',
  'leaves-panel',
  'stays-in-picking-list',
  'transcript-queued',
  'export-queued',
]);
export type EffectCode = z.infer<typeof EffectCode>;
export const EffectData = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));
export type EffectData = z.infer<typeof EffectData>;
export const Effect = z.strictObject({ code: EffectCode, text: z.string(), data: EffectData });
export type Effect = z.infer<typeof Effect>;

/** The answer of every command (A6). */
export const CommandAnswer = z.strictObject({
  outcome: z.string(),
  sequence: z.int().min(1),
  conversation: ConversationView,
  effects: z.array(Effect),
  dryRun: z.literal(true).optional(),
});
export type CommandAnswer = z.infer<typeof CommandAnswer>;
