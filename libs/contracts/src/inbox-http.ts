import { z } from 'zod';
import { Author, ConversationView, Presence, Status } from './conversation.js';
import { AnyInstant, ConversationId, Count, Instant, Slug, TagName, Text, ThreadId } from './primitives.js';

/** What the inbox takes and answers over HTTP (contract.md, "inbox"). Bodies and queries are strict; lists are {@link listOf}. */

const CONTROL = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;
const visible = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine(
      (text) => text.isWellFormed() && !CONTROL.test(text) && text.trim() !== '',
      'is blank or holds a control character',
    );

/** Ids that a channel or a client made; they never leave our own tables. */
export const ForeignId = visible(200);
const DIGITS = /^\d{1,9}$/;
/** A number in a query: decimal digits, and not what else `Number` reads (`0x10`, `1e2`, ` 7`, nothing at all). */
const digits = (schema: z.ZodType<number, number>) =>
  z
    .unknown()
    .refine((text) => typeof text === 'string' && DIGITS.test(text), 'is no whole number')
    .meta({ type: 'number' })
    .pipe(z.coerce.number())
    .pipe(schema);
const Limit = digits(z.int().min(1).max(200));
export const listQuery = { limit: Limit.default(50), cursor: z.string().max(4000).optional() };
export const ListQuery = z.strictObject(listQuery);
export const listOf = <S extends z.ZodType>(item: S) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

// --- messages of visitors

export const ChannelContact = z.strictObject({
  id: ForeignId,
  displayName: visible(200).optional(),
  email: z.email().max(320).optional(),
  /** Left out is false (A9). */
  online: z.boolean().optional(),
  authenticated: z.boolean().optional(),
  /** BCP 47. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/)
    .optional(),
});
export const ChannelMessageBody = z.strictObject({
  /** The channel's own id: the same one on an account always answers the same `messageId`. */
  id: ForeignId,
  contact: ChannelContact,
  text: Text,
  /** For display; the clock uses our acceptance. */
  sentAt: AnyInstant.optional(),
  /** Counts only where the message starts a conversation. */
  campaign: Slug.optional(),
});
export type ChannelMessageBody = z.infer<typeof ChannelMessageBody>;
export const MessageAccepted = z.strictObject({ messageId: z.string(), threadId: ThreadId });
export type MessageAccepted = z.infer<typeof MessageAccepted>;

export const PlacementQuery = z.strictObject({ waitMs: digits(z.int().min(0).max(5000)).default(0) });
export const Placement = z.strictObject({
  messageId: z.string(),
  threadId: ThreadId,
  contactId: z.string(),
  conversationId: z.string().nullable(),
});
export type Placement = z.infer<typeof Placement>;
export const PresenceBody = Presence;

// --- commands of agents

/** What every command may say beside its own fields. */
const guards = {
  episode: z.int().min(1).optional(),
  ifMessageCount: Count.optional(),
};
const qualification = {
  tags: z.array(TagName).max(50).optional(),
  category: Slug.optional(),
  subcategory: Slug.optional(),
};
const Score = z.int().min(1).max(5);

export const AgentMessageBody = z.strictObject({ ...guards, id: ForeignId, text: Text });
export type AgentMessageBody = z.infer<typeof AgentMessageBody>;
/** `pick`, `pause`, `resume`, `return-to-queue`, `end-session`: nothing but the guards. */
export const PlainCommandBody = z.strictObject(guards);
export type PlainCommandBody = z.infer<typeof PlainCommandBody>;
export const ReassignBody = z.strictObject({ ...guards, to: visible(200) });
export type ReassignBody = z.infer<typeof ReassignBody>;
export const HandOverBody = z.strictObject({ ...guards, group: Slug.optional() });
export type HandOverBody = z.infer<typeof HandOverBody>;
export const CloseBody = z.strictObject({
  ...guards,
  ...qualification,
  note: Text.optional(),
  rating: z.strictObject({ exchange: Score.nullable().optional(), tool: Score.nullable().optional() }).optional(),
  transcript: z.strictObject({ to: z.email().max(254) }).optional(),
  exportToZendesk: z.boolean().optional(),
});
export type CloseBody = z.infer<typeof CloseBody>;
export const QualifyBody = z.strictObject({ ...guards, ...qualification });
export type QualifyBody = z.infer<typeof QualifyBody>;
export const NoteBody = z.strictObject({ ...guards, text: Text });
export type NoteBody = z.infer<typeof NoteBody>;

// --- notes and history

export const Note = z.strictObject({
  id: z.string(),
  kind: z.enum(['note', 'comment']),
  at: Instant,
  by: z.string(),
  /** Null once the contact is erased. */
  text: z.string().nullable(),
  afterClose: z.boolean(),
});
export type Note = z.infer<typeof Note>;
export const NoteList = z.strictObject({ items: z.array(Note) });

export const HistoryMessage = z.strictObject({
  messageId: z.string(),
  conversationId: ConversationId,
  author: Author,
  /** Null once the contact is erased, and for what was said elsewhere: only its being said is known. */
  text: z.string().nullable(),
  at: Instant,
  system: z.boolean().optional(),
});
export type HistoryMessage = z.infer<typeof HistoryMessage>;

export const ConversationsQuery = z
  .strictObject({
    ...listQuery,
    thread: z.string().max(100).optional(),
    contact: z.string().max(100).optional(),
    /** One status, several separated by commas, or `all` (the default). */
    status: z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.union([z.tuple([z.literal('all')]), z.array(Status).max(8)]))
      .optional(),
    /** Assigned to, or at the end on the panel of. */
    agent: z.string().max(200).optional(),
    channelAccount: z.string().max(100).optional(),
    campaign: z.string().max(100).optional(),
    /** Name or slug. */
    tag: z.string().max(64).optional(),
    category: z.string().max(100).optional(),
    /** `startedAt` from (inclusive) and to (exclusive). */
    from: AnyInstant.optional(),
    to: AnyInstant.optional(),
    /** An id (whole) or a part of a tag: texts are encrypted and cannot be searched. */
    q: visible(200).optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['from'],
    message: 'is after `to`',
  });
export type ConversationsQuery = z.infer<typeof ConversationsQuery>;
export const ConversationList = listOf(ConversationView);
export const MessageList = listOf(HistoryMessage);

// --- desk, presence, capacity

const Room = z.strictObject({ held: Count, limit: Count });
export const CapacityView = z.strictObject({ messaging: Room, email: Room });
export type CapacityView = z.infer<typeof CapacityView>;
export const DeskView = z.strictObject({ items: z.array(ConversationView), capacity: CapacityView });
export type DeskView = z.infer<typeof DeskView>;
export const PickingList = listOf(ConversationView);

/** What a server-sent event of the desk says; the event is named as its `kind`. */
export const DeskChange = z.discriminatedUnion('kind', [
  /** Where it is now; on neither it has left, and `conversation` is null. */
  z.strictObject({
    kind: z.literal('conversation'),
    conversationId: ConversationId,
    onPanel: z.boolean(),
    inPickingList: z.boolean(),
    conversation: ConversationView.nullable(),
  }),
  z.strictObject({ kind: z.literal('capacity'), capacity: CapacityView }),
  /** Something was said in a conversation of the panel; its text is read over `GET …/messages`. */
  z.strictObject({ kind: z.literal('message'), conversationId: ConversationId, messageId: z.string(), author: Author }),
]);
export type DeskChange = z.infer<typeof DeskChange>;

export const AgentPresence = z.strictObject({
  status: z.enum(['online', 'away', 'offline']),
  accepts: z.enum(['automatic', 'picking']),
});
export type AgentPresence = z.infer<typeof AgentPresence>;

const Room500 = z.int().min(0).max(500);
const limits = { messaging: Room500, email: Room500 };
const Held = z.strictObject({ messaging: Count, email: Count });
/** How much an agent may hold, and holds. */
export const AgentCapacity = z.strictObject({ ...limits, held: Held });
export type AgentCapacity = z.infer<typeof AgentCapacity>;
/** What was read can be sent back: `held` is as it is, whatever is said of it. */
export const CapacityBody = z.strictObject({ ...limits, held: Held.optional() });
export type CapacityBody = z.infer<typeof CapacityBody>;

// --- channel accounts

const channelAccount = {
  kind: z.enum(['site', 'third-party']),
  defaultCampaign: Slug,
  policy: Slug,
  surveyOn: z.boolean(),
  /** Where agents' messages leave, signed; only on a third-party account. */
  deliveryUrl: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .nullable()
    .default(null),
};
export const ChannelAccountBody = z.strictObject({ id: Slug, ...channelAccount });
export type ChannelAccountBody = z.infer<typeof ChannelAccountBody>;
export const ChannelAccountChange = z.strictObject(channelAccount);
export type ChannelAccountChange = z.infer<typeof ChannelAccountChange>;
export const ChannelAccountView = z.strictObject({
  id: Slug,
  ...channelAccount,
  deliveryUrl: z.string().nullable(),
  version: z.int().min(1),
  hookId: z.string(),
  /** Signs `POST /hooks/{hookId}` and what leaves by `deliveryUrl` (Standard Webhooks); null to those who may only read. */
  secret: z.string().nullable(),
});
export type ChannelAccountView = z.infer<typeof ChannelAccountView>;
export const ChannelAccountList = listOf(ChannelAccountView);

/** What leaves by `deliveryUrl`. */
export const OutgoingMessage = z.strictObject({
  messageId: z.string(),
  conversationId: ConversationId,
  /** The channel's own id of the contact. */
  contact: z.string(),
  text: z.string(),
});
export type OutgoingMessage = z.infer<typeof OutgoingMessage>;
