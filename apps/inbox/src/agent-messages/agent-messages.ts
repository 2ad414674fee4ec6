import { Inject, Injectable } from '@nestjs/common';
import type { CommandAnswer, ConversationView } from '@parley/contracts/conversation';
import type { AgentMessageBody } from '@parley/contracts/inbox-http';
import type { Guards } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import { rehearse, type Rehearsed } from '@parley/domain/rehearse';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { ContactErased } from '@parley/persistence/vault';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import type { CommandOutcome } from '@parley/service/command-outcome';
import type { CommandRequest } from '@parley/service/command-request';
import { problem, reasonProblem } from '@parley/service/problem';
import { ConversationClient } from '@parley/temporal/client';
import { newMessageId, SourceKeys } from '../channel-messages/identifiers.js';
import type { Ask } from '../commands/ask.js';
import { Conversations, type Known, NO_FACTS } from '../commands/conversations.js';
import { Shown } from '../commands/shown.js';
import { Intake, type NewMessage, type Taken } from '../dispatch/intake.js';
import { MessageWaiters } from '../dispatch/message-waiters.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { DATABASE, HEARD } from '../parts.js';

/** The request waits so long for its place; then the message is withdrawn, or its outcome is unknown. */
const WAIT_MS = 5_000;
/** Its 503 is due within 2 s. */
const REACHABLE_WITHIN_MS = 1_500;

/**
 * The agent writes: in the same queue as the visitor's messages, so that one order holds for both; and the request waits,
 * so that a refusal keeps the draft (architecture.md, decision 5).
 */
@Injectable()
export class AgentMessages {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly endpoint: CommandEndpoint,
    private readonly conversations: Conversations,
    private readonly intake: Intake,
    private readonly waiters: MessageWaiters,
    private readonly keys: SourceKeys,
    private readonly shown: Shown,
    private readonly temporal: ConversationClient,
  ) {}

  send(ask: Ask, body: AgentMessageBody): Promise<CommandAnswer> {
    const { tenant, caller, conversationId, request } = ask;
    let reached: Conversation | undefined;
    const reach = async (): Promise<Conversation> =>
      (reached ??= await this.conversations.reach(tenant, conversationId, caller, 'message.send'));
    return this.endpoint.run({
      request,
      tenant,
      caller,
      reach: async () => void (await reach()),
      rehearse: async () => {
        const { outcome, after } = rehearsed(ask, body, await this.conversations.fresh(tenant, conversationId));
        return this.shown.to(ask, outcome, after);
      },
      perform: async () => {
        const state = await reach();
        const outcome = await this.#perform(ask, body, state);
        return this.shown.to(ask, outcome, rehearsed(ask, body, { state, facts: NO_FACTS }).after);
      },
    });
  }

  async #perform(ask: Ask, body: AgentMessageBody, state: Conversation): Promise<CommandOutcome> {
    const message = this.#messageOf(ask, body, state);
    const known = await this.intake.known(message.tenant, message.channelAccount, message.sourceKey);
    // What surely cannot be decided now is not taken: the draft is kept, and nothing is sent later.
    if (!known && !(await this.temporal.isReachable(REACHABLE_WITHIN_MS))) return { kind: 'unavailable' };
    const taken = known ?? (await this.#take(message));
    if (taken.id !== message.id) await this.#demandSame(message, taken.id);
    const settled = await this.waiters.settled(ask.tenant, taken.id, WAIT_MS);
    const isWithdrawn = settled?.state === 'stored' && (await this.#withdraw(ask.tenant, taken.id));
    return isWithdrawn ? { kind: 'unavailable' } : outcomeOf(settled);
  }

  /** An id stands for one message: another text under it would be answered as sent, and never be. @throws 422 */
  async #demandSame({ tenant, text }: NewMessage, id: string): Promise<void> {
    const kept = await this.intake.textOf(tenant, id);
    if (kept !== undefined && kept !== text)
      throw problem(422, 'idempotency-mismatch', 'A message of this id has another text.');
  }

  async #take(message: NewMessage): Promise<Taken> {
    try {
      return await this.intake.take(message);
    } catch (error) {
      throw error instanceof ContactErased ? reasonProblem('ERASED') : error;
    }
  }

  #messageOf(
    { tenant, caller, conversationId, request }: Ask,
    body: AgentMessageBody,
    state: Conversation,
  ): NewMessage {
    return {
      tenant,
      id: newMessageId(),
      threadId: state.threadId,
      contactId: state.contactId,
      channelAccount: state.channelAccount,
      sourceKey: this.keys.ofAgent(tenant, caller.id, conversationId, body.id),
      author: 'agent',
      agentId: caller.id,
      conversationId,
      guards: guardsOf(body, request),
      sentAt: null,
      text: body.text,
      presence: { online: false, authenticated: false },
      campaign: null,
      caller,
    };
  }

  /** Never sent later: only where nobody has handed it over. */
  #withdraw(tenant: string, id: string): Promise<boolean> {
    return this.database.inTenant(tenant, async (em) => {
      // Its sender may send the same again, as a new message.
      const withdrawn = { state: 'withdrawn', sourceKey: null, body: null } as const;
      const isWithdrawn = (await em.nativeUpdate(MessageRow, { tenant, id, state: 'stored' }, withdrawn)) > 0;
      if (isWithdrawn) await notify(em, HEARD.message, id);
      return isWithdrawn;
    });
  }
}

const guardsOf = ({ episode, ifMessageCount }: AgentMessageBody, { ifSequence }: CommandRequest): Guards => ({
  episode,
  ifMessageCount,
  ifSequence,
});

function rehearsed(
  { caller, request }: Ask,
  body: AgentMessageBody,
  { state, facts }: Pick<Known, 'state' | 'facts'>,
): Rehearsed {
  const now = new Date().toISOString();
  const command = {
    type: 'message' as const,
    commandId: 'dry-run',
    caller,
    messageId: 'dry-run',
    author: 'agent' as const,
    agentId: caller.id,
    acceptedAt: now,
    length: [...body.text].length,
    ...guardsOf(body, request),
  };
  return rehearse(state, command, facts, now);
}

function outcomeOf(row: MessageRow | null): CommandOutcome {
  const { answer, state } = row ?? {};
  if (state === 'withdrawn') return { kind: 'unavailable' };
  if (answer?.kind === 'refused') return answer;
  if (answer?.kind === 'placed' && answer.conversation) return done(answer, answer.conversation);
  return { kind: 'unknown-outcome' };
}

const done = (
  { outcome, sequence }: { outcome: string; sequence: number },
  conversation: ConversationView,
): CommandOutcome => ({ kind: 'done', outcome, sequence, conversation, effects: [] });
