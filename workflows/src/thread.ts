import type { Command } from '@parley/contracts/command';
import type { Presence } from '@parley/contracts/conversation';
import { conversationIdOf } from '@parley/contracts/identifiers';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type {
  CarriedThread,
  ConversationInput,
  ForeignMessage,
  LeaseRequest,
  Previous,
  RefusedSignal,
  ThreadRecord,
} from '@parley/contracts/protocol';
import type { Conversation, Facts } from '@parley/contracts/state';
import { isEnded, succeededBy } from '@parley/domain/conversation';
import { decide } from '@parley/domain/decide';
import type { Decision } from '@parley/domain/decision';
import { evolve } from '@parley/domain/evolve';
import { Backlog } from './backlog.js';
import { now, nowMs } from './clock.js';
import { Bounded } from './courier.js';
import { Memory } from './memory.js';
import { sizeOf } from './size.js';

const ENDED_HERE = 20;
const WRAP_UPS_HERE = 200;
/** With the backlog and what is remembered it stays below the 2 MB that continue-as-new may carry. */
const STATE_BYTES = 768 * 1024;
/** A storm of signals may bring thousands in seconds; while they are too much to carry, the run goes on. */
const FOREIGN = 5000;
const FOREIGN_AT_ONCE = 50;
const REFUSED_SIGNALS = 5000;
const LEASES_TO_FREE = 200;

/** The conversations of one thread and what a run must know of them; every change of it is synchronous. */
export class Thread {
  readonly tenant: string;
  readonly threadId: string;
  readonly lingerMs: number;
  readonly handedMs: number;
  readonly rulesVersion: number;
  readonly memory = new Memory();
  readonly backlog: Backlog;
  /** For inbox: what was said elsewhere, and leases that came to nothing. */
  readonly foreign: Bounded<ForeignMessage>;
  readonly frees: Bounded<LeaseRequest>;
  readonly refusedSignals: Bounded<RefusedSignal>;
  private presence: Presence;
  private presenceAt = '';
  /** One reassignment at a time waits for inbox's answer. */
  leaseAsked = false;
  /** The run is about to continue as new: nobody begins to wait any more. */
  isContinuing = false;
  /** Counts what came to this run: the main loop wakes when it or anything beside it moved. */
  arrivals = 0;
  updates = 0;
  moves = 0;
  lastCameMs = nowMs();
  private readonly begunMs = nowMs();
  private conversations: readonly Conversation[];
  private readonly bytes = new Map<string, number>();
  private readonly namedMs = new Map<string, number>();
  private readonly firstRunId: string;
  private nextOrdinal: number;
  private nextSerial: number;

  constructor(input: ConversationInput, rulesVersion: number, firstRunId: string) {
    const carried = input.carried;
    this.tenant = input.tenant;
    this.threadId = input.threadId;
    this.lingerMs = input.lingerMs;
    this.handedMs = input.handedMs;
    this.rulesVersion = rulesVersion;
    this.firstRunId = carried?.firstRunId ?? firstRunId;
    this.nextOrdinal = carried?.nextOrdinal ?? 1;
    this.nextSerial = carried?.nextSerial ?? 1;
    this.presence = carried?.presence ?? { online: false, authenticated: false };
    if (carried) this.memory.keepAll(carried);
    this.backlog = new Backlog(carried?.unpublished ?? []);
    this.foreign = new Bounded(carried?.foreign ?? [], FOREIGN, FOREIGN_AT_ONCE);
    this.frees = new Bounded(carried?.frees ?? [], LEASES_TO_FREE, 1);
    this.refusedSignals = new Bounded(carried?.refusedSignals ?? [], REFUSED_SIGNALS, 100);
    this.conversations = [];
    carried?.conversations.forEach((conversation) => this.put(conversation));
  }

  get facts(): Facts {
    return { presence: this.presence, rulesVersion: this.rulesVersion };
  }

  get all(): readonly Conversation[] {
    return this.conversations;
  }

  get newest(): Conversation | undefined {
    return this.conversations.at(-1);
  }

  get isEmpty(): boolean {
    return this.conversations.length === 0;
  }

  /** No room for another conversation: the message that would start it waits in inbox. */
  get isFull(): boolean {
    const wrapUps = this.conversations.filter(({ status }) => status === 'wrap-up').length;
    return this.conversations.filter(isEnded).length >= ENDED_HERE || wrapUps >= WRAP_UPS_HERE || this.isHeavy;
  }

  /** Refuses chatter: what could not be carried on must not grow. */
  get isHeavy(): boolean {
    const bytes = [...this.bytes.values()].reduce((sum, each) => sum + each, 0);
    return this.backlog.isFull || bytes > STATE_BYTES;
  }

  find(conversationId: string): Conversation | undefined {
    return this.conversations.find((conversation) => conversation.conversationId === conversationId);
  }

  /** Something came; a run ends only after nothing has for lingerMs. */
  came(): void {
    this.arrivals += 1;
    this.lastCameMs = nowMs();
    this.moved();
  }

  moved(): void {
    this.moves += 1;
  }

  /** A conversation that is named stays in the run for another lingerMs. */
  name(conversationId: string): void {
    if (this.find(conversationId)) this.namedMs.set(conversationId, nowMs());
  }

  lastNamedMs(conversationId: string): number {
    return this.namedMs.get(conversationId) ?? this.begunMs;
  }

  /** Decides at this instant; changes nothing. */
  decide(state: Conversation | undefined, command: Command): Decision {
    return decide(state, command, this.facts, now());
  }

  /** What was decided becomes the state, and goes out. */
  live(before: Conversation | undefined, events: readonly LifecycleEvent[]): Conversation | undefined {
    const after = events.reduce<Conversation | undefined>(evolve, before);
    this.backlog.add(events);
    if (after && after !== before) this.put(after);
    this.moved();
    return after;
  }

  /** A message is no event of the life: it moves the state and goes to the log by inbox. */
  hear(state: Conversation, message: MessageEvent): void {
    const after = evolve(state, message);
    this.conversations = this.conversations.map((other) => (other === state ? after : other));
  }

  /**
   * The newest word counts (A9): a message that waited for its dispatcher brings an older one along.
   * @param at when it was said, ISO 8601
   */
  hearPresence(presence: Presence, at: string): void {
    if (at < this.presenceAt) return;
    this.presence = presence;
    this.presenceAt = at;
  }

  /** What the last run left behind, taken up by the message that starts this one. */
  takeUp(previous: Previous): void {
    this.presence = previous.presence;
    this.memory.keepAll(previous);
  }

  adopt(conversation: Conversation): void {
    if (!this.find(conversation.conversationId)) this.put(conversation);
  }

  succeed(conversationId: string, nextConversationId: string): void {
    const predecessor = this.find(conversationId);
    if (predecessor) this.put(succeededBy(predecessor, nextConversationId));
  }

  leave(conversationId: string): void {
    this.conversations = this.conversations.filter((other) => other.conversationId !== conversationId);
    this.bytes.delete(conversationId);
    this.namedMs.delete(conversationId);
  }

  newConversationId(): string {
    const id = conversationIdOf(this.threadId, this.firstRunId, this.nextOrdinal);
    this.nextOrdinal += 1;
    return id;
  }

  /** An id for what came without one; the same on every replay. */
  serialId(kind: string): string {
    const id = `${kind}:${this.firstRunId}:${this.nextSerial}`;
    this.nextSerial += 1;
    return id;
  }

  record(newest: Conversation): ThreadRecord {
    const { tenant, threadId, presence } = this;
    return { tenant, threadId, newest, presence, ...this.memory.all() };
  }

  carried(): CarriedThread {
    return {
      conversations: [...this.conversations],
      presence: this.presence,
      unpublished: this.backlog.all(),
      ...this.memory.all(),
      foreign: this.foreign.all(),
      frees: this.frees.all(),
      refusedSignals: this.refusedSignals.all(),
      nextSerial: this.nextSerial,
      nextOrdinal: this.nextOrdinal,
      firstRunId: this.firstRunId,
      rulesVersion: this.rulesVersion,
    };
  }

  private put(conversation: Conversation): void {
    const { conversationId } = conversation;
    const isKnown = this.find(conversationId) !== undefined;
    this.conversations = isKnown
      ? this.conversations.map((other) => (other.conversationId === conversationId ? conversation : other))
      : [...this.conversations, conversation];
    this.bytes.set(conversationId, sizeOf(conversation) ?? 0);
  }
}
