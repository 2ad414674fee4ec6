import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { Command } from '@parley/contracts/command';
import { conversationIdOf } from '@parley/contracts/identifiers';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { decide } from '@parley/domain/decide';
import { evolve } from '@parley/domain/evolve';
import { presets } from '@parley/domain/presets';
import { lockThread } from '../src/dispatch/thread-order.js';
import { MessageRow } from '../src/dispatch/message.entity.js';

const FACTS = { presence: { online: false, authenticated: false }, rulesVersion: 1 };
const RUN = '019a0000-0000-7000-8000-123456789abc';
export const SYSTEM: Caller = { kind: 'system', id: 'system', role: 'system', scopes: [] };
export const agent = (id: string): Caller => ({ kind: 'agent', id, role: 'agent', scopes: ['team:support'] });

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Who began it, and where. */
interface Origin {
  contactId: string;
  channelAccount: string;
  campaign: string;
}

/** A conversation as its two logs tell it, made by the domain's own rules. */
export class Lived {
  readonly events: LifecycleEvent[] = [];
  readonly messages: MessageEvent[] = [];
  readonly id: string;
  #state: Conversation | undefined;
  #minute = 0;

  constructor(
    readonly thread: string,
    readonly ordinal = 1,
    readonly previousConversationId: string | null = null,
    readonly origin: Origin = ORIGIN,
  ) {
    this.id = conversationIdOf(thread, RUN, ordinal);
  }

  get state(): Conversation {
    if (this.#state === undefined) throw new Error('nothing has begun');
    return this.#state;
  }

  get now(): string {
    return new Date(Date.UTC(2026, 10, 21, 10, this.#minute)).toISOString();
  }

  later(minutes: number): this {
    this.#minute += minutes;
    return this;
  }

  says(): this {
    const said = { messageId: this.#nextId(), author: 'visitor', acceptedAt: this.now, length: 5 } as const;
    const caller: Caller = { kind: 'visitor', id: this.origin.contactId, role: 'visitor', scopes: [] };
    const { thread: threadId, id: conversationId, previousConversationId } = this;
    const names = { tenant: 'demo', threadId, conversationId, previousConversationId };
    if (this.#state) this.does({ type: 'message', ...said }, caller);
    else this.does({ type: 'start', ...said, ...names, start: { ...START, ...this.origin } }, caller);
    return this.#said('visitor', null);
  }

  answers(agentId = 'agent-1'): this {
    const said = { messageId: this.#nextId(), author: 'agent', agentId, acceptedAt: this.now, length: 5 } as const;
    return this.does({ type: 'message', ...said }, agent(agentId)).#said('agent', agentId);
  }

  assigned(to = 'agent-1', commandId = 'cmd:1'): this {
    return this.does({ type: 'assign', to, lease: { granted: 'l' } }, SYSTEM, commandId);
  }

  does(command: Without<Command, 'commandId' | 'caller'>, caller: Caller, commandId = 'cmd:1'): this {
    this.#minute += 1;
    const decision = decide(this.#state, { commandId, caller, ...command }, FACTS, this.now);
    if (decision.kind !== 'decided') throw new Error(`${command.type}: ${JSON.stringify(decision)}`);
    for (const event of decision.events) this.#state = evolve(this.#state, event);
    this.events.push(...decision.events);
    return this;
  }

  /** Something that only a newer deployment knows; it is no message, whatever its fields are called. */
  newer(): this {
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
    this.#state = evolve(this.state, event);
    this.events.push(event as unknown as LifecycleEvent);
    return this;
  }

  #nextId = (): string => `msg_${this.thread}_${this.ordinal}_${this.messages.length + 1}`;

  #said(author: 'visitor' | 'agent', agentId: string | null): this {
    const { conversationId, threadId, tenant, sequence, channelAccount } = this.state;
    const message: MessageEvent = {
      type: author === 'agent' ? 'conversation.message-sent' : 'conversation.message-received',
      time: this.now,
      acceptedAt: this.now,
      tenantid: tenant,
      threadid: threadId,
      conversationId,
      messageId: this.#nextId(),
      messageNumber: this.messages.length + 1,
      afterSequence: sequence,
      author,
      agentId,
      length: 5,
      channelAccount,
    };
    this.#state = evolve(this.state, message);
    this.messages.push(message);
    return this;
  }
}

const ORIGIN: Origin = { contactId: 'ct_1', channelAccount: 'whatsapp', campaign: 'whatsapp' };
const START = {
  policy: { name: 'iadvize-social', version: 1, ...presets['iadvize-social'] },
  channelKind: 'third-party',
  surveyOn: true,
  paidPerConversation: false,
  group: 'support',
  pendingReason: 'in-queue',
} as const;

/** The message as our own table has it once it was placed. */
export async function keepPlaced(em: EntityManager, said: MessageEvent): Promise<void> {
  const { tenantid: tenant, threadid: threadId, channelAccount } = said;
  const position = await lockThread(em, { tenant, threadId, channelAccount, contactId: 'ct_1' });
  await em.insert(MessageRow, {
    ...storedRow(tenant, threadId, position, said.messageId),
    state: 'placed',
    author: said.author,
    agentId: said.agentId,
    conversationId: said.conversationId,
    acceptedAt: new Date(said.acceptedAt),
    decidedAt: new Date(said.time),
    afterSequence: said.afterSequence,
    messageNumber: said.messageNumber,
  });
}

export const storedRow = (tenant: string, threadId: string, position: number, id: string) => ({
  tenant,
  id,
  threadId,
  contactId: 'ct_1',
  position,
  channelAccount: 'whatsapp',
  state: 'stored' as const,
  author: 'visitor' as const,
  acceptedAt: new Date(),
  length: 5,
  online: false,
  authenticated: false,
  caller: SYSTEM,
});
