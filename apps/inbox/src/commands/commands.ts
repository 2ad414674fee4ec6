import { Injectable } from '@nestjs/common';
import type { CommandAnswer } from '@parley/contracts/conversation';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { ReasonCode } from '@parley/contracts/reason';
import type { Conversation } from '@parley/contracts/state';
import type { Verb } from '@parley/domain/access';
import type { Decision } from '@parley/domain/decision';
import { rehearse, type Rehearsed } from '@parley/domain/rehearse';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { type CommandOutcome, outcomeOf } from '@parley/service/command-outcome';
import { requestContext } from '@parley/service/request-context';
import { ConversationClient } from '@parley/temporal/client';
import type { Reply } from '@parley/temporal/patience';
import { Aftermath } from './aftermath.js';
import type { Ask, Fields, InboxCommand } from './ask.js';
import { Conversations, type Known, NO_FACTS } from './conversations.js';
import { sendUpdate } from './send-update.js';
import { Shown } from './shown.js';

export interface Plan {
  verb: Verb;
  /** A rehearsal: nothing is kept or taken for it, ids are made up. */
  fields: (commandId: string, known: Conversation, isRehearsal: boolean) => Promise<Fields>;
  /** How it is sent, when not plainly: a lease is taken before and settled after. */
  send?: (command: InboxCommand, plainly: Send) => Promise<Reply<CommandUpdateAnswer>>;
  /** What only a command that came about leaves behind; when it fails, it makes up for it itself. */
  done?: () => Promise<void>;
  /** It asks for what is not there yet: it comes to nothing, and only what else stands against it is looked for. */
  against?: ReasonCode | undefined;
}
export type Send = (command: InboxCommand) => Promise<Reply<CommandUpdateAnswer>>;

export const REHEARSAL = 'dry-run';

/** The one way of every command on a conversation: reach, key, dry run, Update, archive, aftermath. */
@Injectable()
export class Commands {
  constructor(
    private readonly endpoint: CommandEndpoint,
    private readonly temporal: ConversationClient,
    private readonly conversations: Conversations,
    private readonly aftermath: Aftermath,
    private readonly shown: Shown,
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
      rehearse: async () => this.#rehearse(ask, plan, await reached()),
      perform: async (commandId) =>
        plan.against
          ? this.#rehearse(ask, plan, await reached())
          : this.#perform(ask, plan, await reached(), commandId),
    });
  }

  async #rehearse(ask: Ask, plan: Plan, reached: Conversation): Promise<CommandOutcome> {
    const command = commandOf(ask, REHEARSAL, await plan.fields(REHEARSAL, reached, true));
    const known = await this.conversations.fresh(ask.tenant, ask.conversationId);
    const { outcome, after } = decidedHere(known, command, plan.against);
    return this.shown.to(ask, outcome, after);
  }

  async #perform(ask: Ask, plan: Plan, reached: Conversation, commandId: string): Promise<CommandOutcome> {
    const { tenant, conversationId } = ask;
    const command = commandOf(ask, commandId, await plan.fields(commandId, reached, false));
    const plainly: Send = (sent) => sendUpdate(this.temporal, tenant, conversationId, sent);
    const reply = await (plan.send ? plan.send(command, plainly) : plainly(command));
    if (reply.kind === 'answer') await this.aftermath.of(tenant, conversationId, reply.answer);
    const outcome = await outcomeOf(reply, () => this.#elsewhere(tenant, conversationId, command));
    const { done } = plan;
    if (done && isDone(outcome)) await this.aftermath.beside(conversationId, done);
    return this.shown.to(ask, outcome, rehearse(reached, command, NO_FACTS, new Date().toISOString()).after);
  }

  /** No run holds it: what it left behind says why not. */
  async #elsewhere(tenant: string, conversationId: string, command: InboxCommand): Promise<CommandOutcome> {
    const known = await this.conversations.fresh(tenant, conversationId);
    return known.isArchived ? decidedHere(known, command).outcome : { kind: 'behind' };
  }
}

/** What was already so, or already over, did not come about by this command. */
const NOTHING_HAPPENED: readonly string[] = ['already-closed', 'unchanged'] satisfies Unchanged['outcome'][];
type Unchanged = Extract<Decision, { kind: 'unchanged' }>;
const isDone = (outcome: CommandOutcome): boolean =>
  outcome.kind === 'done' && !NOTHING_HAPPENED.includes(outcome.outcome);

/** Of what has left its run nothing is changed any more; that comes with the amendment workflow. */
function decidedHere({ state, facts, isArchived }: Known, command: InboxCommand, lacking?: ReasonCode): Rehearsed {
  const against = [...(lacking ? [lacking] : []), ...(isArchived ? ['NOT_ELIGIBLE_STATE' as const] : [])];
  return rehearse(state, command, facts, new Date().toISOString(), against);
}

function commandOf({ caller, request }: Ask, commandId: string, fields: Fields): InboxCommand {
  const { traceparent } = requestContext();
  const { ifSequence } = request;
  return { ...fields, commandId, caller, traceparent, ...(ifSequence !== undefined && { ifSequence }) };
}
