import { z } from 'zod';
import { Actor, Role } from './actor.js';
import { AuditRecord } from './audit.js';
import { CONFIGURATION } from './configuration.js';
import { AvailableCommand, ConversationView, PendingReason, Status } from './conversation.js';
import { Policy } from './policy.js';
import { listOf, listQuery } from './inbox-http.js';
import { AnyInstant, ConversationId, Id, Instant, Slug, TagName, Text } from './primitives.js';

/** What `/admin/v1` takes and answers (contract.md, admin). Query values are strings, as they come. */

const Milliseconds = z
  .string()
  .regex(/^\d{1,12}$/, 'is not a whole number of milliseconds')
  .transform(Number);

export const LIVE_ACTIVITY_SORTS = [
  'startedAt',
  '-startedAt',
  'lastMessageAt',
  '-lastMessageAt',
  'deadlineAt',
  '-deadlineAt',
] as const;

const liveActivityFilter = {
  /** One status, several separated by commas, or `all`. Left out: everything that has not ended. */
  status: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.union([z.tuple([z.literal('all')]), z.array(Status).max(8)]))
    .optional(),
  channelAccount: Slug.optional(),
  campaign: Slug.optional(),
  agent: Id.optional(),
  thread: Id.optional(),
  contact: Id.optional(),
  /** Nobody wrote for at least so long. */
  idleForMs: Milliseconds.optional(),
  /** Part of an id, an agent, a tag, a category, a campaign or a channel account; never of what was said. */
  q: z.string().min(1).max(100).optional(),
};
export const LiveActivityStreamQuery = z.strictObject(liveActivityFilter);
export type LiveActivityFilter = z.infer<typeof LiveActivityStreamQuery>;
export const LiveActivityQuery = z.strictObject({
  ...liveActivityFilter,
  sort: z.enum(LIVE_ACTIVITY_SORTS).optional(),
  ...listQuery,
});
export type LiveActivityQuery = z.infer<typeof LiveActivityQuery>;

/** One server-sent event: it is so now (`put`), or it left what this stream shows (`remove`). */
export const LiveActivityChange = z.discriminatedUnion('change', [
  z.strictObject({ change: z.literal('put'), conversationId: ConversationId, conversation: ConversationView }),
  z.strictObject({ change: z.literal('remove'), conversationId: ConversationId }),
]);
export type LiveActivityChange = z.infer<typeof LiveActivityChange>;

export const ConversationPage = listOf(ConversationView);

/** Any text: what is no id of ours names nothing, so it is 404 and not 422. */
export const ConversationPath = z.strictObject({ conversationId: z.string() });
/** A sequence, or an instant. */
export const MomentQuery = z.strictObject({
  at: z
    .union([
      z
        .string()
        .regex(/^[1-9]\d{0,8}$/)
        .transform(Number),
      AnyInstant,
    ])
    .optional(),
});
export type MomentQuery = z.infer<typeof MomentQuery>;

export const TimelineQuery = z.strictObject(listQuery);
export type TimelineQuery = z.infer<typeof TimelineQuery>;
/** One event or message, in the order of the fold; `text` follows Accept-Language and never says what was said. */
export const TimelineEntry = z.strictObject({
  kind: z.enum(['event', 'message']),
  /** Of an event: its place in the life. Of a message: the event after which it was placed. */
  sequence: z.int().min(1),
  messageNumber: z.int().min(1).nullable(),
  at: Instant,
  type: z.string(),
  actor: Actor.nullable(),
  statusFrom: Status.nullable(),
  statusTo: Status.nullable(),
  text: z.string(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;
export const TimelinePage = listOf(TimelineEntry);

/** Why a conversation is as it is (X6): the event, what it waits for, the policy, and who was refused what. */
export const Explanation = z.strictObject({
  conversationId: ConversationId,
  sequence: z.int().min(1),
  episode: z.int().min(1),
  status: Status,
  pendingReason: PendingReason.nullable(),
  why: TimelineEntry,
  waitsFor: z.strictObject({
    what: z.enum([
      'agent',
      'agent-message',
      'visitor-message',
      'either-message',
      'deadline',
      'ticket-close',
      'nothing',
    ]),
    text: z.string(),
    deadlineAt: Instant.nullable(),
    remainingMs: z.int().nullable(),
  }),
  /** The inactivity clock worked out: `lastMessageAt + inactivityMs = deadlineAt`. Null where policy has none. */
  clock: z
    .strictObject({
      startedFrom: Instant,
      inactivityMs: z.int(),
      deadlineAt: Instant.nullable(),
      runs: z.boolean(),
      text: z.string(),
    })
    .nullable(),
  policy: Policy,
  refused: z.array(AuditRecord),
  availableCommands: z.array(AvailableCommand),
});
export type Explanation = z.infer<typeof Explanation>;

export const CloseBody = z.strictObject({
  comment: Text.optional(),
  ifMessageCount: z.int().min(0).optional(),
  episode: z.int().min(1).optional(),
});
export type CloseBody = z.infer<typeof CloseBody>;
/** `category` is optional here, so that CATEGORY_REQUIRED can answer (D6). */
export const CancelBody = z.strictObject({
  category: Slug.optional(),
  subcategory: Slug.optional(),
  ...CloseBody.shape,
});
export type CancelBody = z.infer<typeof CancelBody>;
export const ReassignBody = z.strictObject({ to: Id, ...CloseBody.shape });
export type ReassignBody = z.infer<typeof ReassignBody>;

const Name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]*\p{L}[^\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]*$/u, 'is no name');
const versioned = { version: z.int().min(1) };
const { category, subcategory, tag, campaign, group, person } = CONFIGURATION;

/** What configuration answers: the value as every service folds it, and its version for `If-Match`. */
export const VERSIONED = {
  category: z.strictObject({ ...category.shape, ...versioned }),
  subcategory: z.strictObject({ ...subcategory.shape, ...versioned }),
  tag: z.strictObject({ ...tag.shape, ...versioned }),
  campaign: z.strictObject({ ...campaign.shape, ...versioned }),
  group: z.strictObject({ ...group.shape, ...versioned }),
  person: z.strictObject({ ...person.shape, ...versioned }),
} as const;
export const VERSIONED_PAGE = {
  category: listOf(VERSIONED.category),
  subcategory: listOf(VERSIONED.subcategory),
  tag: listOf(VERSIONED.tag),
  campaign: listOf(VERSIONED.campaign),
  group: listOf(VERSIONED.group),
  person: listOf(VERSIONED.person),
} as const;

/** The kinds that admin owns and people write by hand. */
export const EditableKind = z.enum(['category', 'subcategory', 'tag', 'campaign', 'group', 'person']);
export type EditableKind = z.infer<typeof EditableKind>;

const NOBODY_SERVES_IT = 'must name at least one group: without one nobody is given the messages of this campaign';
const campaignFields = {
  name: Name,
  policy: Slug.nullable().optional(),
  groups: z.array(Slug, NOBODY_SERVES_IT).min(1, NOBODY_SERVES_IT).max(50),
  paidPerConversation: z.boolean().optional(),
};
const groupFields = { name: Name, members: z.array(Id).max(2000).optional() };
const tagFields = { name: TagName, category: Slug.nullable().optional() };
const personFields = { name: Name, role: Role };

/** POST: with its id (left out where it can be made from the name). PUT: the same without. */
export const CREATE = {
  category: z.strictObject({ id: Slug.optional(), name: Name }),
  subcategory: z.strictObject({ id: Slug.optional(), name: Name }),
  tag: z.strictObject(tagFields),
  campaign: z.strictObject({ id: Slug.optional(), ...campaignFields }),
  group: z.strictObject({ id: Slug.optional(), ...groupFields }),
  person: z.strictObject({ id: Id, ...personFields }),
} as const;
export const REPLACE = {
  category: z.strictObject({ name: Name, archived: z.boolean().optional() }),
  subcategory: z.strictObject({ name: Name, archived: z.boolean().optional() }),
  tag: z.strictObject({ ...tagFields, archived: z.boolean().optional() }),
  campaign: z.strictObject(campaignFields),
  group: z.strictObject(groupFields),
  person: z.strictObject(personFields),
} as const;

export const ConfigurationQuery = z.strictObject({
  archived: z.enum(['true', 'false', 'all']).optional(),
  ...listQuery,
});
export type ConfigurationQuery = z.infer<typeof ConfigurationQuery>;
export const ConfigurationPath = z.strictObject({ id: z.string() });
export const CategoryPath = z.strictObject({ category: z.string() });
export const SubcategoryPath = z.strictObject({ category: z.string(), id: z.string() });

export const PolicyPath = z.strictObject({ name: z.string() });
export const PolicyQuery = z.strictObject({
  version: z
    .string()
    .regex(/^[1-9]\d{0,5}$/)
    .transform(Number)
    .optional(),
});
export const PolicyPage = listOf(Policy);

export const AuditQuery = z
  .strictObject({
    conversationId: ConversationId.optional(),
    actor: Id.optional(),
    act: z.string().max(100).optional(),
    type: AuditRecord.shape.type.optional(),
    reason: z.string().max(100).optional(),
    from: AnyInstant.optional(),
    to: AnyInstant.optional(),
    ...listQuery,
  })
  .refine((query) => query.from === undefined || query.to === undefined || query.from <= query.to, {
    path: ['from'],
    message: 'is after `to`',
  });
export type AuditQuery = z.infer<typeof AuditQuery>;
export const AuditPage = listOf(AuditRecord);
