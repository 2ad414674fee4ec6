import { Inject, Injectable } from '@nestjs/common';
import type { CommandAnswer, ConversationView } from '@parley/contracts/conversation';
import type { AgentMessageBody } from '@parley/contracts/inbox-http';
import type { Conversation } from '@parley/contracts/state';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { ContactErased } from '@parley/persistence/vault';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import type { CommandOutcome } from '@parley/service/command-outcome';
import { reasonProblem } from '@parley/service/problem';
import { newMessageId, SourceKeys } from '../channel-messages/identifiers.js';
import type { Ask } from '../commands/commands.js';
import { Conversations } from '../commands/conversations.js';
import { rehearse } from '../commands/rehearsal.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { Intake, type NewMessage, type Taken } from '../dispatch/intake.js';
import { MessageWaiters } from '../dispatch/message-waiters.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { withTagNames } from '../history/tag-names.js';
import { DATABASE, HEARD } from '../parts.js';

/** The request waits so long for its place; then the message is withdrawn, or its outcome is unknown. */
const WAIT_MS = 5_000;

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
    private readonly configuration: ConfigurationStore,
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
      rehearse: () => this.#rehearse(ask, body),
      perform: async () => this.#named(tenant, await this.#perform(ask, body, await reach())),
    });
  }

  async #perform(ask: Ask, body: AgentMessageBody, state: Conversation): Promise<CommandOutcome> {
    const guard = await this.#guards(ask, body);
    if (guard) return guard;
    const message = this.#messageOf(ask, body, state);
    const taken = await this.#take(message);
    const settled = await this.waiters.settled(ask.tenant, taken.id, WAIT_MS);
    const isWithdrawn = settled?.state === 'stored' && (await this.#withdraw(ask.tenant, taken.id));
    return isWithdrawn ? { kind: 'unavailable' } : outcomeOf(settled);
  }

  async #take(message: NewMessage): Promise<Taken> {
    try {
      const known = await this.intake.known(message.tenant, message.channelAccount, message.sourceKey);
      return known ?? (await this.intake.take(message));
    } catch (error) {
      throw error instanceof ContactErased ? reasonProblem('ERASED') : error;
    }
  }

  /** The Update of a message carries no guards, so they are looked at just before: what slips between is said anyway. */
  async #guards(ask: Ask, body: AgentMessageBody): Promise<CommandOutcome | undefined> {
    const { episode, ifMessageCount } = body;
    if (episode === undefined && ifMessageCount === undefined && ask.request.ifSequence === undefined) return undefined;
    const outcome = await this.#rehearse(ask, body);
    return outcome.kind === 'refused' ? outcome : undefined;
  }

  async #rehearse({ tenant, caller, conversationId, request }: Ask, body: AgentMessageBody): Promise<CommandOutcome> {
    const { state, facts } = await this.conversations.fresh(tenant, conversationId);
    const { episode, ifMessageCount, text } = body;
    const command = {
      type: 'message' as const,
      commandId: 'dry-run',
      caller,
      messageId: 'dry-run',
      author: 'agent' as const,
      agentId: caller.id,
      acceptedAt: new Date().toISOString(),
      length: [...text].length,
      episode,
      ifMessageCount,
      ifSequence: request.ifSequence,
    };
    return rehearse(state, command, facts, new Date().toISOString()).outcome;
  }

  #messageOf({ tenant, caller, conversationId }: Ask, body: AgentMessageBody, state: Conversation): NewMessage {
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

  async #named(tenant: string, outcome: CommandOutcome): Promise<CommandOutcome> {
    if (outcome.kind !== 'done') return outcome;
    const { tagName } = await this.configuration.of(tenant);
    return { ...outcome, conversation: withTagNames(outcome.conversation, tagName) };
  }
}

function outcomeOf(row: MessageRow | null): CommandOutcome {
  const { answer } = row ?? {};
  if (answer?.kind === 'refused') return answer;
  if (answer?.kind === 'placed' && answer.conversation) return done(answer, answer.conversation);
  return { kind: 'unknown-outcome' };
}

const done = (
  { outcome, sequence }: { outcome: string; sequence: number },
  conversation: ConversationView,
): CommandOutcome => ({ kind: 'done', outcome, sequence, conversation, effects: [] });
