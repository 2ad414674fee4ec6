import type { Command, EpisodeStart } from '@parley/contracts/command';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Presence } from '@parley/contracts/conversation';
import type { Conversation } from '@parley/contracts/state';
import { isOpen, succeededBy } from '../src/conversation.js';
import { decide } from '../src/decide.js';
import type { Decision } from '../src/decision.js';
import { dueAt, plusMs } from '../src/due-at.js';
import { capacityOf } from '../src/effects.js';
import { evolve } from '../src/evolve.js';
import { placeMessage } from '../src/place.js';
import { said, T0, THREAD, system, visitor } from './given.js';
import { must, type Life } from './life.js';

export interface Held {
  state: Conversation;
  life: Life;
  /** The state when the life stood at each sequence, for comparison with a fold up to there. */
  bySequence: Conversation[];
  /** Whose room the leases taken and freed leave occupied. */
  room: string | null;
}

/** The conversations of one thread, driven as a run drives them; everything that goes in is frozen, so that nothing can change it. */
export class Thread {
  now = T0;
  presence: Presence = { online: false, authenticated: false };
  readonly conversations: Held[] = [];

  constructor(private readonly hear: (decision: Decision) => void) {}

  wait(ms: number): void {
    this.now = plusMs(this.now, ms);
  }

  get newest(): Held | undefined {
    return this.conversations.at(-1);
  }

  /** X1: a visitor's message joins, reactivates or starts. */
  visitorWrites(start: EpisodeStart, lease: Extract<Command, { type: 'message' }>['lease']): void {
    const spoken = {
      commandId: 'msg:1',
      caller: visitor,
      author: 'visitor',
      messageId: 'msg_1',
      acceptedAt: this.now,
      length: 1,
    } as const;
    const { newest } = this;
    const where = placeMessage(newest?.state);
    if (where === 'start' || newest === undefined) {
      const next = this.begin({ ...spoken, type: 'start', start, tenant: 'demo', threadId: THREAD, ...this.nextIds() });
      if (newest) newest.state = freeze(succeededBy(newest.state, next.state.conversationId));
      return;
    }
    const command: Command =
      where === 'join' ? { ...spoken, type: 'message', lease } : { ...spoken, type: 'reactivate', start };
    must(this.command(newest, command).kind === 'decided', 'a visitor’s message found no place', newest.state.status);
    this.say(newest, 'visitor', null);
  }

  /** The newest one's timer: at the instant it waits for, or at once when that is past. */
  timerFires(): void {
    const { newest } = this;
    const due = newest && dueAt(newest.state);
    if (!newest || !due) return;
    if (due > this.now) this.now = due;
    const decision = this.command(newest, { type: 'deadline', commandId: 'cmd:timer', caller: system });
    must(decision.kind === 'decided', 'due, and nothing came of it', newest.state);
  }

  /** Decides, and when it is decided, lives it. */
  command(held: Held, command: Command): Decision {
    const decision = this.decide(held.state, command);
    if (decision.kind !== 'decided') return decision;
    const { freed, held: taken } = capacityOf(held.state, decision.events);
    must(freed === null || freed === held.room, 'freed a room that it had not', { freed, room: held.room });
    if (freed !== null || taken !== null) held.room = taken;
    for (const event of decision.events) this.live(held, event);
    if (command.type === 'message' && command.author === 'agent')
      this.say(held, 'agent', command.agentId ?? command.caller.id);
    return decision;
  }

  private decide(state: Conversation | undefined, command: Command): Decision {
    const decision = decide(state, freeze(command), freeze({ presence: this.presence, rulesVersion: 1 }), this.now);
    this.hear(decision);
    return freeze(decision);
  }

  private nextIds() {
    const previousConversationId = this.newest?.state.conversationId ?? null;
    return { conversationId: `cnv_${this.conversations.length + 1}`, previousConversationId };
  }

  private begin(command: Extract<Command, { type: 'start' }>): Held {
    const decision = this.decide(undefined, command);
    const events = decision.kind === 'decided' ? decision.events : [];
    const life: Life = { events: [], said: [] };
    const state = freeze(evolve(undefined, events[0] as LifecycleEvent));
    const held: Held = { state, life, bySequence: [], room: null };
    held.bySequence[state.sequence] = state;
    life.events.push(...events.slice(0, 1));
    for (const event of events.slice(1)) this.live(held, event);
    this.conversations.push(held);
    this.say(held, 'visitor', null);
    must(
      this.conversations.filter(({ state }) => isOpen(state)).length <= 1,
      'I7: two open conversations',
      this.conversations.length,
    );
    return held;
  }

  private live(held: Held, event: LifecycleEvent): void {
    must(held.state.sequence + 1 === event.sequence, 'not the next of its life', event);
    held.life.events.push(event);
    this.fold(held, event);
  }

  private say(held: Held, author: 'visitor' | 'agent', agentId: string | null): void {
    const world = { ...NOBODY, now: this.now, state: held.state };
    const message = freeze(said(world, author, agentId));
    held.life.said.push(message);
    this.fold(held, message);
  }

  private fold(held: Held, event: LifecycleEvent | MessageEvent): void {
    held.state = freeze(evolve(held.state, event));
    held.bySequence[held.state.sequence] = held.state;
    const due = dueAt(held.state);
    must((due === null) === (held.state.deadlineAt === null), 'a deadline that nobody waits for', held.state);
    must(due === null || due <= (held.state.deadlineAt ?? ''), 'due after its deadline', held.state);
  }
}
const NOBODY = { start: {} as EpisodeStart, presence: { online: false, authenticated: false }, life: [], said: [] };

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
