import { Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { CommandOf } from '@parley/contracts/command';
import type { CommandAnswer } from '@parley/contracts/conversation';
import type { CommandUpdateAnswer, UpdateCommandType } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import type { Verb } from '@parley/domain/access';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { type CommandOutcome, outcomeOf } from '@parley/service/command-outcome';
import type { CommandRequest } from '@parley/service/command-request';
import { requestContext } from '@parley/service/request-context';
import { ConversationClient } from '@parley/temporal/client';
import type { Reply } from '@parley/temporal/patience';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { withTagNames } from '../history/tag-names.js';
import { Amendments } from '../archive/amendments.js';
import { Aftermath } from './aftermath.js';
import { type Known, Conversations } from './conversations.js';
import { rehearse } from './rehearsal.js';
import { sendUpdate } from './send-update.js';

/** Who asks for what on which conversation. */
export interface Ask {
  tenant: string;
  caller: Caller;
  conversationId: string;
  request: CommandRequest;
}
export interface Guards {
  episode?: number | undefined;
  ifMessageCount?: number | undefined;
}

/** One of our commands with its name: what `decide` takes. */
export type InboxCommand = {
  [T in UpdateCommandType]: CommandOf<T>;
}[UpdateCommandType];
type Sendable<C> = C extends InboxCommand ? Omit<C, 'caller' | 'commandId' | 'ifSequence' | 'traceparent'> : never;
/** What one verb says beside what they all say. */
export type Fields = Sendable<InboxCommand>;

export interface Plan {
  verb: Verb;
  /** A rehearsal: nothing is kept or taken for it, ids are made up. */
  fields: (commandId: string, known: Conversation, isRehearsal: boolean) => Promise<Fields>;
  /** How it is sent, when not plainly: a lease is taken before and settled after. */
  send?: (command: InboxCommand, plainly: Send) => Promise<Reply<CommandUpdateAnswer>>;
  /** What only a command that came about leaves behind. */
  done?: () => Promise<void>;
}
export type Send = (command: InboxCommand) => Promise<Reply<CommandUpdateAnswer>>;

const REHEARSAL = 'dry-run';

/** The one way of every command on a conversation: reach, key, dry run, Update, archive, aftermath. */
@Injectable()
export class Commands {
  constructor(
    private readonly endpoint: CommandEndpoint,
    private readonly temporal: ConversationClient,
    private readonly conversations: Conversations,
    private readonly amendments: Amendments,
    private readonly aftermath: Aftermath,
    private readonly configuration: ConfigurationStore,
  ) {}

  async run(ask: Ask, plan: Plan): Promise<CommandAnswer> {
    const { tenant, caller, conversationId, request } = ask;
    let known: Conversation | undefined;
    const reached = async (): Promise<Conversation> =>
      (known ??= await this.conversations.reach(tenant, conversationId, caller, plan.verb));
    return this.endpoint.run({
      request,
      tenant,
      caller,
      reach: async () => void (await reached()),
      rehearse: async () => {
        const command = commandOf(ask, REHEARSAL, await plan.fields(REHEARSAL, await reached(), true));
        return this.#named(tenant, this.#rehearsed(await this.conversations.fresh(tenant, conversationId), command));
      },
      perform: async (commandId) => {
        const command = commandOf(ask, commandId, await plan.fields(commandId, await reached(), false));
        const outcome = await this.#perform(ask, plan, command);
        if (outcome.kind === 'done') await plan.done?.();
        return this.#named(tenant, outcome);
      },
    });
  }

  async #perform(ask: Ask, plan: Plan, command: InboxCommand): Promise<CommandOutcome> {
    const { tenant, conversationId } = ask;
    const plainly: Send = (sent) => sendUpdate(this.temporal, tenant, conversationId, sent);
    const reply = await (plan.send ? plan.send(command, plainly) : plainly(command));
    if (reply.kind === 'answer') await this.aftermath.of(tenant, conversationId, reply.answer);
    return outcomeOf(reply, () => this.#elsewhere(tenant, conversationId, command));
  }

  /** No run holds it: the archive answers, and what may be amended there is. */
  async #elsewhere(tenant: string, conversationId: string, command: InboxCommand): Promise<CommandOutcome> {
    const known = await this.conversations.fresh(tenant, conversationId);
    return known.isArchived ? this.amendments.decide(known, command) : { kind: 'behind' };
  }

  #rehearsed({ state, facts }: Known, command: InboxCommand): CommandOutcome {
    return rehearse(state, command, facts, new Date().toISOString()).outcome;
  }

  async #named(tenant: string, outcome: CommandOutcome): Promise<CommandOutcome> {
    if (outcome.kind !== 'done') return outcome;
    const { tagName } = await this.configuration.of(tenant);
    return { ...outcome, conversation: withTagNames(outcome.conversation, tagName) };
  }
}

function commandOf({ caller, request }: Ask, commandId: string, fields: Fields): InboxCommand {
  const { traceparent } = requestContext();
  const { ifSequence } = request;
  return { ...fields, commandId, caller, traceparent, ...(ifSequence !== undefined && { ifSequence }) };
}
