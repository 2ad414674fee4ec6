import { Injectable } from '@nestjs/common';
import type { CancelBody, CloseBody, ReassignBody } from '@parley/contracts/admin-http';
import type { CommandOf } from '@parley/contracts/command';
import type { CommandAnswer } from '@parley/contracts/conversation';
import { threadOf } from '@parley/contracts/identifiers';
import type { CommandUpdateAnswer, DecisionState } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import { isEnded } from '@parley/domain/conversation';
import { ContactErased } from '@parley/persistence/vault';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { outcomeOf, type CommandOutcome } from '@parley/service/command-outcome';
import type { CommandRequest } from '@parley/service/command-request';
import { problem, reasonProblem, unavailable } from '@parley/service/problem';
import { requestContext } from '@parley/service/request-context';
import { ConversationClient } from '@parley/temporal/client';
import type { Reply } from '@parley/temporal/patience';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { ConversationReader, type Asked } from '../conversation/conversation.reader.js';
import { UNKNOWN_FACTS, withTagNames } from '../conversation/presented.js';
import { CommentStore } from './comment.store.js';
import { rehearsed } from './rehearsal.js';
import { categoryFields, targetFields } from './taxonomy.js';

/** Who asks for which command on which conversation. */
export interface Ask extends Asked {
  readonly request: CommandRequest;
}

type SupervisorCommand = CommandOf<'close'> | CommandOf<'cancel'> | CommandOf<'reassign'>;
type Base = 'commandId' | 'caller' | 'commentId' | 'correlationid' | 'traceparent';
type OwnFields<C> = C extends unknown ? Omit<C, Base> : never;
/** What one verb says beside what they all say. */
type Fields = OwnFields<SupervisorCommand>;

/** A rehearsal takes no place on anybody's desk and keeps no comment. */
const REHEARSAL = 'dry-run';

/** Close (A1-A13), cancel and reassign (D1-D8): decided by the conversation, never by us. */
@Injectable()
export class SupervisorCommands {
  constructor(
    private readonly endpoint: CommandEndpoint,
    private readonly temporal: ConversationClient,
    private readonly conversations: ConversationReader,
    private readonly configuration: ConfigurationStore,
    private readonly comments: CommentStore,
  ) {}

  close(ask: Ask, { comment, ...guards }: CloseBody): Promise<CommandAnswer> {
    return this.#run(ask, comment, async () => ({ type: 'close', ...guards }));
  }

  async cancel(ask: Ask, { comment, category, subcategory, ...guards }: CancelBody): Promise<CommandAnswer> {
    const chosen = categoryFields({ category, subcategory }, await this.configuration.of(ask.tenant));
    return this.#run(ask, comment, async () => ({ type: 'cancel', ...chosen, ...guards }));
  }

  async reassign(ask: Ask, { comment, to, ...guards }: ReassignBody): Promise<CommandAnswer> {
    // An agent hands over by inbox's route, which takes the place on the other's desk first.
    if (ask.caller.kind === 'agent') throw reasonProblem('FORBIDDEN_ROLE');
    return this.#run(ask, comment, async () => {
      const target = targetFields(to, await this.#stateOf(ask), await this.configuration.of(ask.tenant));
      const lease = ask.request.dryRun ? { lease: { granted: REHEARSAL } } : {};
      return { type: 'reassign', ...lease, ...target, ...guards };
    });
  }

  #run(ask: Ask, comment: string | undefined, fields: () => Promise<Fields>): Promise<CommandAnswer> {
    const { tenant, caller, request, conversationId } = ask;
    return this.endpoint.run({
      request,
      tenant,
      caller,
      reach: async () => {
        if (threadOf(conversationId) === undefined) throw problem(404, 'not-found');
      },
      rehearse: async () => {
        const command = commandOf(ask, REHEARSAL, comment && REHEARSAL, await fields());
        return this.#named(tenant, await this.#rehearse(ask, command));
      },
      perform: async (commandId) => {
        const commentId = await this.#kept(ask, commandId, comment);
        const command = commandOf(ask, commandId, commentId, await fields());
        return this.#named(tenant, await this.#perform(ask, command));
      },
    });
  }

  async #named(tenant: string, outcome: CommandOutcome): Promise<CommandOutcome> {
    if (outcome.kind !== 'done') return outcome;
    const { tagName } = await this.configuration.of(tenant);
    return { ...outcome, conversation: withTagNames(outcome.conversation, tagName) };
  }

  async #perform(ask: Ask, command: SupervisorCommand): Promise<CommandOutcome> {
    const reply = await sent(this.temporal, ask, command);
    return outcomeOf(reply, async () => fromFold(await this.#folded(ask), command));
  }

  async #rehearse(ask: Ask, command: SupervisorCommand): Promise<CommandOutcome> {
    const reply = await this.temporal.decisionState(ask.tenant, ask.conversationId);
    if (reply.kind === 'not-found') return fromFold(await this.#folded(ask), command);
    if (reply.kind !== 'answer') return { kind: 'unavailable' };
    const { conversation, facts } = reply.answer;
    return rehearsed(conversation, command, facts, new Date().toISOString());
  }

  /** A5, D6: the comment is kept, encrypted, before the command that names it goes out. */
  async #kept(ask: Ask, commandId: string, text: string | undefined): Promise<string | undefined> {
    if (text === undefined) return undefined;
    const { tenant, conversationId, caller } = ask;
    const state = await this.#stateOf(ask);
    if (state === undefined) throw problem(404, 'not-found');
    try {
      return await this.comments.keep(commandId, {
        tenant,
        conversationId,
        contactId: state.contactId,
        by: caller.id,
        text,
      });
    } catch (error) {
      if (error instanceof ContactErased) throw reasonProblem('ERASED');
      throw error;
    }
  }

  /** As far as our fold knows it; before the fold has heard of it, as its run does. */
  async #stateOf(ask: Ask): Promise<Conversation | undefined> {
    const known = await this.#folded(ask);
    if (known !== undefined) return known;
    const reply: Reply<DecisionState> = await this.temporal.decisionState(ask.tenant, ask.conversationId);
    if (reply.kind === 'answer') return reply.answer.conversation;
    if (reply.kind === 'not-found') return undefined;
    throw unavailable('The conversation cannot be reached just now.');
  }

  #folded({ tenant, conversationId }: Ask): Promise<Conversation | undefined> {
    return this.conversations.known(tenant, conversationId);
  }
}

function commandOf(
  { caller, request }: Ask,
  commandId: string,
  commentId: string | undefined,
  fields: Fields,
): SupervisorCommand {
  const { traceparent } = requestContext();
  return { commandId, caller, commentId, traceparent, ifSequence: request.ifSequence, ...fields };
}

function sent(
  temporal: ConversationClient,
  { tenant, conversationId }: Ask,
  command: SupervisorCommand,
): Promise<Reply<CommandUpdateAnswer>> {
  switch (command.type) {
    case 'close': {
      const { type, ...rest } = command;
      return temporal.command(tenant, conversationId, type, rest);
    }
    case 'cancel': {
      const { type, ...rest } = command;
      return temporal.command(tenant, conversationId, type, rest);
    }
    case 'reassign': {
      const { type, ...rest } = command;
      return temporal.command(tenant, conversationId, type, rest);
    }
  }
}

/**
 * No run holds it (architecture.md, decision 9): it left its run when all of it was published, so our fold knows how it
 * ended, or is about to.
 */
function fromFold(state: Conversation | undefined, command: SupervisorCommand): CommandOutcome {
  if (state === undefined) return { kind: 'not-found' };
  return isEnded(state) ? rehearsed(state, command, UNKNOWN_FACTS, new Date().toISOString()) : { kind: 'behind' };
}
