import type { ConversationView, EffectCode, EffectData, Presence } from './conversation.js';
import type { CommandOf, CommandType, EpisodeStart, Refusal } from './command.js';
import type { LifecycleEvent } from './lifecycle-event.js';
import type { Conversation, Facts } from './state.js';
import type { Caller } from './actor.js';

/** What services and the conversation workflow say to each other through Temporal. Types only: no schema enters the bundle. */

export const TASK_QUEUES = { conversations: 'conversations', publishing: 'publishing', inbox: 'inbox' } as const;
export const CONVERSATION_WORKFLOW = 'conversation';

/** Update names are the command types; `message`, `presence` and the query names are these. */
export const QUERIES = { state: 'state', decisionState: 'decisionState' } as const;
export const SIGNALS = ['message', 'pause', 'close', 'cancel', 'reassign'] as const;
export type SignalName = (typeof SIGNALS)[number];

/** The commands that services send as Updates of the same name. */
export const UPDATE_COMMANDS = [
  'handOver',
  'requeue',
  'assign',
  'reassign',
  'pause',
  'resume',
  'returnToQueue',
  'close',
  'cancel',
  'endSession',
  'visitorLeft',
  'qualify',
  'addNote',
  'trackTransaction',
  'answerSurvey',
  'rate',
  'erase',
] as const satisfies readonly CommandType[];
export type UpdateCommandType = (typeof UPDATE_COMMANDS)[number];

/** So long a message's thread is one dispatcher's, unless it says that it lives. */
export const CLAIM_MS = 6_000;
/**
 * An older hand-over is another dispatcher's business by now, and refused. Far above the claim: a backlog of some seconds
 * must not make everything late, for what is late comes again.
 */
export const STALE_MS = 20_000;

/** The start's argument; on continue-as-new `carried` holds the thread. Everything a first start needs comes with its Update. */
export interface ConversationInput {
  tenant: string;
  threadId: string;
  lingerMs: number;
  handedMs: number;
  carried?: CarriedThread;
}

/** A command for one conversation of the thread. */
export interface CommandUpdate<T extends UpdateCommandType = UpdateCommandType> {
  conversationId: string;
  command: Omit<CommandOf<T>, 'type'>;
}

/** What an agent has read of the conversation that it writes into. */
export type Guards = Pick<CommandOf<'message'>, 'episode' | 'ifSequence' | 'ifMessageCount'>;

/** A stored message looking for its conversation: the newest of the thread, or the one that an agent names. */
export interface MessageUpdate {
  messageId: string;
  author: 'visitor' | 'agent';
  /** An agent's message names its conversation and its sender; it never starts anything. */
  conversationId?: string;
  guards?: Guards;
  caller: Caller;
  acceptedAt: string;
  length: number | null;
  presence?: Presence;
  start?: EpisodeStart;
  lease?: { granted: string } | { refused: 'TARGET_UNAVAILABLE' | 'CAPACITY_FULL' };
  /** What the archive knows; null: the thread has no past. Only with update-with-start. */
  previous?: Previous | null;
  /** When the dispatcher handed it over; a run that holds nothing yet refuses an old one (frozen dispatcher). */
  handedAt: string;
  traceparent?: string;
}

export type MessageAnswer =
  | {
      kind: 'placed';
      conversationId: string;
      afterSequence: number;
      messageNumber: number;
      decidedAt: string;
      /** `message-received`, `message-sent`. */
      outcome: string;
      sequence: number;
      /** A lease that came along was used. */
      leaseUsed: boolean;
      /** For an agent's message only: a visitor's needs no answer but its place. */
      conversation?: ConversationView;
    }
  | ({ kind: 'refused' } & Refusal)
  /** Hold the thread and hand it over again: `previous` is needed, it was handed over too long ago, or 20 ended ones are still here. */
  | { kind: 'hold'; why: 'previous-needed' | 'handed-too-late' | 'run-is-full' }
  /** It is paused and its agent's room was given up: come again with a lease of it, or with why there is none. */
  | { kind: 'hold'; why: 'lease-needed'; paused: PausedRoom }
  /** An agent's message names a conversation that the run does not hold: the archive knows. */
  | { kind: 'unknown-conversation' };

export interface PausedRoom {
  conversationId: string;
  episode: number;
  agentId: string;
}

export type CommandUpdateAnswer =
  | {
      kind: 'done';
      outcome: string;
      sequence: number;
      decidedAt: string;
      conversation: ConversationView;
      effects: { code: EffectCode; data: EffectData }[];
      /** The agent whose room this command freed, or took. */
      freed: string | null;
      held: string | null;
    }
  | ({ kind: 'refused' } & Refusal)
  /** Try again: another reassignment waits, or the backlog is full. */
  | { kind: 'busy'; retryAfterMs: number }
  /** The run does not hold this conversation: the archive knows. */
  | { kind: 'unknown-conversation' };

export interface PresenceUpdate {
  presence: Presence;
}

/** A conversation that left its run: what its successor, a late command and a reactivation need. */
export interface ArchivedConversation {
  tenant: string;
  threadId: string;
  conversationId: string;
  state: Conversation;
}

/**
 * `hold` and `busy` leave no trace: the Update is refused before it is accepted, by a failure of this type whose first
 * detail is the answer. So the same updateId is decided anew when it is asked again; an accepted one never would be.
 */
export const UNTRACED_ANSWER = 'parley.untraced-answer';

/** What a run hands to `archive`, and gets back as `previous`. One per thread. */
export interface ThreadRecord {
  tenant: string;
  threadId: string;
  /** Newest conversation, whatever its end. */
  newest: Conversation;
  presence: Presence;
  /** Ids of the last 200 messages with the place each got. */
  messages: PlacedMessage[];
  /** The last 200 that were said elsewhere; left out: none. */
  elsewhere?: PlacedMessage[];
  /** Outcomes of the last 100 commands. */
  outcomes: RememberedOutcome[];
}
export type Previous = ThreadRecord;
export type Remembered = Pick<ThreadRecord, 'messages' | 'elsewhere' | 'outcomes'>;

export interface PlacedMessage {
  messageId: string;
  conversationId: string;
  afterSequence: number;
  messageNumber: number;
  decidedAt: string;
  /** The lease that came along was used; a repeat must say so again. */
  leaseUsed?: true;
}

/** Enough to answer a repeat as the first time; the conversation is answered as it is now. */
export interface RememberedOutcome {
  commandId: string;
  conversationId: string;
  outcome: string;
  sequence: number;
  decidedAt: string;
  effects: { code: EffectCode; data: EffectData }[];
  freed: string | null;
  held: string | null;
}

/** The whole thread over continue-as-new: plain JSON, no Map, no Set. */
export interface CarriedThread extends Remembered {
  conversations: Conversation[];
  presence: Presence;
  unpublished: LifecycleEvent[];
  /** What was said elsewhere and inbox has not taken yet. */
  foreign: ForeignMessage[];
  /** Leases that came to nothing and inbox has not taken back yet. */
  frees: LeaseRequest[];
  refusedSignals: RefusedSignal[];
  /** Numbers what comes without an id of its own: audit records, signals. */
  nextSerial: number;
  /** Names the next conversation of this run. */
  nextOrdinal: number;
  firstRunId: string;
  rulesVersion: number;
}

export interface StateQuery {
  conversationId?: string;
}
export interface DecisionState {
  conversation: Conversation;
  facts: Facts;
}

/** Activities of the worker, on the queue `publishing`. */
export interface PublishingActivities {
  /** In order; returns when Kafka has acknowledged all of it. Repeats are harmless. */
  publishLifecycle(batch: LifecycleEvent[]): Promise<void>;
  /** Refused or undecodable signals, for the audit. */
  recordRefusedSignals(batch: RefusedSignal[]): Promise<void>;
}

export interface RefusedSignal {
  /** The same on every attempt. */
  id: string;
  tenant: string;
  threadId: string;
  conversationId: string | null;
  signal: string;
  reason: string;
  at: string;
}

/** Activities of inbox, on the queue `inbox`. */
export interface InboxActivities {
  /** Does a message accepted before the deadline still wait to be placed? Then the run waits for it (architecture.md 6). */
  messageWaits(question: { tenant: string; threadId: string; acceptedBefore: string }): Promise<boolean>;
  archiveThread(record: { thread: ThreadRecord; leaving: ArchivedConversation[] }): Promise<void>;
  /** What was said elsewhere, for the message log; a message that its conversation can no longer take is placed like any other. */
  recordForeignMessages(batch: ForeignMessage[]): Promise<void>;
  /** Admin's reassign asks here; keyed by conversation, episode and request. */
  grantLease(request: LeaseRequest): Promise<{ granted: string } | { refused: 'TARGET_UNAVAILABLE' | 'CAPACITY_FULL' }>;
  /** The request came to nothing: give the room back. */
  freeLease(request: LeaseRequest): Promise<void>;
}

export interface LeaseRequest {
  tenant: string;
  conversationId: string;
  episode: number;
  requestId: string;
  to: string;
  group: string;
}

export interface ForeignMessage {
  tenant: string;
  threadId: string;
  /** As the other system gave it. */
  messageId: string;
  author: 'visitor' | 'agent';
  agentId: string | null;
  at: string;
  /** Its place; null: place it like any other. */
  placed: PlacedMessage | null;
}
