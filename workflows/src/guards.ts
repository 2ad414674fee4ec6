import type { Caller } from '@parley/contracts/actor';
import type { EpisodeStart, Lease } from '@parley/contracts/command';
import type { Presence } from '@parley/contracts/conversation';
import type { Policy } from '@parley/contracts/policy';
import type { Conversation } from '@parley/contracts/state';
import type {
  ConversationInput,
  Guards,
  MessageUpdate,
  PlacedMessage,
  PresenceUpdate,
  RememberedOutcome,
  ThreadRecord,
} from '@parley/contracts/protocol';
import {
  either,
  isBoolean,
  isCount,
  isId,
  isInstant,
  isInteger,
  isPositive,
  isRecord,
  isText,
  listOf,
  nullable,
  oneOf,
  shape,
  type Guard,
} from './shapes.js';

/** What our own services send: every field that a rule reads has the form in which the rule expects it. */

export const isPresence: Guard<Presence> = shape({ online: isBoolean, authenticated: isBoolean }, {});

export const isCaller: Guard<Caller> = shape(
  {
    kind: oneOf('agent', 'supervisor', 'visitor', 'integration', 'system'),
    id: isId,
    role: oneOf(
      'visitor',
      'agent',
      'manager',
      'administrator',
      'super-administrator',
      'auditor',
      'integration',
      'system',
    ),
    scopes: listOf(isId, 200),
  },
  {},
);

const NO_ROOM = oneOf('TARGET_UNAVAILABLE', 'CAPACITY_FULL');
export const isLease: Guard<Lease> = either(shape({ granted: isId }, {}), shape({ refused: NO_ROOM }, {}));

export const isPendingReason = oneOf('in-queue', 'out-of-hours', 'agents-offline', 'icr', 'returned');

const LISTS = [
  'inactivityFrom',
  'supervisorFrom',
  'supervisorReassignFrom',
  'sessionEndsBy',
  'editsAfterClose',
] as const;
const isListOfTexts = listOf(isText, 100);

const isPolicy = (value: unknown): value is Policy =>
  isRecord(value) &&
  isId(value['name']) &&
  isPositive(value['version']) &&
  nullable(isPositive)(value['inactivityMs']) &&
  listOf(isPositive, 5)(value['inactivityWarningsMs']) &&
  isListOfTexts(value['integrationVerbs']) &&
  isCount(value['flowSteps']) &&
  LISTS.every((name) => isListOfTexts(value[name]));

const isEpisodeStart: Guard<EpisodeStart> = shape(
  {
    policy: isPolicy,
    channelAccount: isId,
    channelKind: oneOf('site', 'third-party'),
    surveyOn: isBoolean,
    campaign: isId,
    paidPerConversation: isBoolean,
    group: isId,
    contactId: isId,
    pendingReason: isPendingReason,
  },
  {},
);

const isPlaced: Guard<PlacedMessage> = shape(
  { messageId: isId, conversationId: isId, afterSequence: isCount, messageNumber: isCount, decidedAt: isInstant },
  {},
);

const isOutcome: Guard<RememberedOutcome> = shape(
  {
    commandId: isText,
    conversationId: isId,
    outcome: isText,
    sequence: isCount,
    decidedAt: isInstant,
    effects: (value): value is RememberedOutcome['effects'] => Array.isArray(value),
    freed: nullable(isId),
    held: nullable(isId),
  },
  {},
);

/** Written by a run and signed by its worker; what is looked at here is what would break one that takes it for its own. */
const isConversation = (value: unknown): value is Conversation =>
  isRecord(value) &&
  isId(value['conversationId']) &&
  isText(value['status']) &&
  isPolicy(value['policy']) &&
  isCount(value['sequence']) &&
  isPositive(value['episode']) &&
  isCount(value['lastMessageNumber']) &&
  Array.isArray(value['closings']) &&
  Array.isArray(value['notes']);

const isThreadRecord: Guard<ThreadRecord> = shape(
  {
    tenant: isId,
    threadId: isId,
    newest: isConversation,
    presence: isPresence,
    messages: listOf(isPlaced, 1000),
    outcomes: listOf(isOutcome, 1000),
  },
  { elsewhere: listOf(isPlaced, 1000) },
);

const isGuards: Guard<Guards> = shape({}, { episode: isPositive, ifSequence: isCount, ifMessageCount: isCount });

export const isMessageUpdate: Guard<MessageUpdate> = shape(
  {
    messageId: isId,
    author: oneOf('visitor', 'agent'),
    caller: isCaller,
    acceptedAt: isInstant,
    length: nullable(isCount),
    handedAt: isInstant,
  },
  {
    conversationId: isId,
    guards: isGuards,
    presence: isPresence,
    start: isEpisodeStart,
    lease: isLease,
    previous: nullable(isThreadRecord),
    traceparent: isId,
  },
);

export const isPresenceUpdate: Guard<PresenceUpdate> = shape({ presence: isPresence }, {});

const MAX_LINGER_MS = 3_600_000;
const isWait = (value: unknown): value is number => isInteger(value) && value >= 0 && value <= MAX_LINGER_MS;

/** `carried` is what a run of ours wrote, signed; it is not looked through again. */
export const isConversationInput = (value: unknown): value is ConversationInput =>
  isRecord(value) &&
  isId(value['tenant']) &&
  isId(value['threadId']) &&
  isWait(value['lingerMs']) &&
  isWait(value['handedMs']);

const isStateQuery = shape({}, { conversationId: isText });

/** Which conversation a query asks for: null is the newest; undefined when nobody can tell. */
export function askedFor(query: unknown): { conversationId: string | null } | undefined {
  if (query === undefined || query === null) return { conversationId: null };
  return isStateQuery(query) ? { conversationId: query.conversationId ?? null } : undefined;
}
