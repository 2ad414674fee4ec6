import type { Caller } from '@parley/contracts/actor';
import type { Command } from '@parley/contracts/command';
import { conversationIdOf } from '@parley/contracts/identifiers';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { PresetName } from '@parley/contracts/policy';
import type { Conversation } from '@parley/contracts/state';
import { decide } from '@parley/domain/decide';
import { evolve } from '@parley/domain/evolve';
import { presets } from '@parley/domain/presets';

/** A conversation as its two logs tell it, made by the domain's own rules. */
export class Lived {
  readonly events: LifecycleEvent[] = [];
  readonly messages: MessageEvent[] = [];
  state: Conversation | undefined;
  #minute = 0;

  constructor(
    readonly preset: PresetName = 'iadvize-social',
    readonly change: {
      group?: string;
      campaign?: string;
      previousConversationId?: string;
      ordinal?: number;
      thread?: string;
      inactivityMs?: number;
    } = {},
  ) {}

  get id(): string {
    if (this.state === undefined) throw new Error('nothing has begun');
    return this.state.conversationId;
  }

  get now(): string {
    return new Date(Date.UTC(2026, 2, 21, 10, this.#minute)).toISOString();
  }

  later(minutes: number): this {
    this.#minute += minutes;
    return this;
  }

  /** The visitor's first message, or the next one. */
  says(text = 'Hello'): this {
    const about = {
      messageId: `m-${this.messages.length + 1}`,
      author: 'visitor',
      acceptedAt: this.now,
      length: text.length,
    } as const;
    if (this.state === undefined) this.#does({ type: 'start', ...base(visitor), ...about, ...this.#start() });
    else if (this.state.status === 'cancelled')
      this.#does({ type: 'reactivate', ...base(visitor), ...about, start: this.#start().start });
    else this.#does({ type: 'message', ...base(visitor), ...about });
    return this.#said('visitor', null);
  }

  assigned(agentId = 'agent-1'): this {
    return this.#does({ type: 'assign', ...base(system), to: agentId, lease: { granted: 'l' } });
  }

  answers(agentId = 'agent-1'): this {
    this.#does({
      type: 'message',
      ...base(agent(agentId)),
      messageId: 'm',
      author: 'agent',
      agentId,
      acceptedAt: this.now,
      length: 3,
    });
    return this.#said('agent', agentId);
  }

  does(command: DistributedOmit<Command, 'commandId' | 'caller'>, caller: Caller): this {
    return this.#does({ ...base(caller), ...command });
  }

  /** Something that only a newer deployment knows; it is no message, whatever its fields are called. */
  newer(): this {
    if (this.state === undefined) throw new Error('nothing has begun');
    const { tenant: tenantid, threadId: threadid, conversationId } = this.state;
    const sequence = this.state.sequence + 1;
    const what = { type: 'conversation.translated', messageNumber: 7, group: 'elsewhere' };
    const event = {
      isOfNewerType: true as const,
      ...what,
      time: this.now,
      sequence,
      tenantid,
      threadid,
      conversationId,
    };
    this.state = evolve(this.state, event);
    this.events.push(event as unknown as LifecycleEvent);
    return this;
  }

  #start() {
    const values = presets[this.preset];
    const {
      inactivityMs = values.inactivityMs,
      group = 'support',
      campaign = 'whatsapp',
      previousConversationId = null,
      ordinal = 1,
      thread = THREAD,
    } = this.change;
    const ids = { tenant: 'demo', threadId: thread, conversationId: conversationIdOf(thread, RUN, ordinal) };
    const account = {
      channelAccount: 'whatsapp',
      channelKind: 'third-party',
      surveyOn: true,
      contactId: 'con_1',
    } as const;
    const start = {
      policy: { name: this.preset, version: 1, ...values, inactivityMs },
      ...account,
      campaign,
      group,
      paidPerConversation: false,
      pendingReason: 'in-queue',
    } as const;
    return { ...ids, start, previousConversationId };
  }

  #does(command: Command): this {
    this.#minute += 1;
    const decision = decide(this.state, command, FACTS, this.now);
    if (decision.kind !== 'decided') throw new Error(`${command.type}: ${JSON.stringify(decision)}`);
    for (const event of decision.events) this.state = evolve(this.state, event);
    this.events.push(...decision.events);
    return this;
  }

  #said(author: 'visitor' | 'agent', agentId: string | null): this {
    const { state } = this;
    if (state === undefined) throw new Error('nothing has begun');
    const messageNumber = this.messages.length + 1;
    const message: MessageEvent = {
      type: author === 'agent' ? 'conversation.message-sent' : 'conversation.message-received',
      time: this.now,
      acceptedAt: this.now,
      tenantid: state.tenant,
      threadid: state.threadId,
      conversationId: state.conversationId,
      messageId: `m-${messageNumber}`,
      messageNumber,
      afterSequence: state.sequence,
      author,
      agentId,
      length: 5,
      channelAccount: state.channelAccount,
    };
    this.state = evolve(state, message);
    this.messages.push(message);
    return this;
  }
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export const THREAD = 'th_7Qm0000000000000000000';
const RUN = '019a0000-0000-7000-8000-123456789abc';
const FACTS = { presence: { online: false, authenticated: false }, rulesVersion: 1 };
const base = (caller: Caller) => ({ commandId: 'cmd:1', caller });

export const visitor: Caller = { kind: 'visitor', id: 'con_1', role: 'visitor', scopes: [] };
export const system: Caller = { kind: 'system', id: 'system', role: 'system', scopes: [] };
export const agent = (id: string): Caller => ({ kind: 'agent', id, role: 'agent', scopes: ['team:support'] });
export const supervisor = (
  role: 'manager' | 'administrator' | 'super-administrator' | 'auditor',
  ...scopes: string[]
): Caller => ({
  kind: 'supervisor',
  id: `${role}-1`,
  role,
  scopes,
});
