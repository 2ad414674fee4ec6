import { Injectable } from '@nestjs/common';
import type { CancelBody, CloseBody, ReassignBody } from '@parley/contracts/admin-http';
import type { CommandOf } from '@parley/contracts/command';
import type { CommandAnswer } from '@parley/contracts/conversation';
import { threadOf } from '@parley/contracts/identifiers';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import { reaches, type Verb } from '@parley/domain/access';
import { availableCommands } from '@parley/domain/available-commands';
import { isEnded } from '@parley/domain/conversation';
import { rehearse } from '@parley/domain/rehearse';
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
import { AgentRoom } from './agent-room.js';
import { CommentStore } from './comment.store.js';
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
/** A decided command waits no longer to be told what may come next. */
const AVAILABLE_WITHIN_MS = 1_000;

/** Close (A1-A13), cancel and reassign (D1-D8): decided by the conversation, never by us. */
@Injectable()
export class SupervisorCommands {
  constructor(
    private readonly endpoint: CommandEndpoint,
    private readonly temporal: ConversationClient,
    private readonly conversations: ConversationReader,
    private readonly configuration: ConfigurationStore,
    private readonly comments: CommentStore,
    private readonly room: AgentRoom,
  ) {}

  close(ask: Ask, { comment, ...guards }: CloseBody): Promise<CommandAnswer> {
    return this.#run(ask, 'close.supervisor', comment, async () => ({ type: 'close', ...guards }));
  }

  cancel(ask: Ask, { comment, category, subcategory, ...guards }: CancelBody): Promise<CommandAnswer> {
    return this.#run(ask, 'cancel', comment, async (state) => {
      const { episode = state.episode } = guards;
      // How it ended is told before what is wrong with a field (contract.md): the category may be archived by now.
      if (isOver(state, episode)) return { type: 'cancel', category, subcategory, ...guards, episode };
      const chosen = categoryFields({ category, subcategory }, await this.configuration.of(ask.tenant));
      return { type: 'cancel', ...chosen, ...guards };
    });
  }

  async reassign(ask: Ask, { comment, to, ...guards }: ReassignBody, token: string): Promise<CommandAnswer> {
    // An agent hands over by inbox's route, which takes the place on the other's desk first.
    if (ask.caller.kind === 'agent') throw reasonProblem('FORBIDDEN_ROLE');
    return this.#run(ask, 'reassign', comment, async (state) => {
      const target = targetFields(to, state, await this.configuration.of(ask.tenant));
      const { conversationId, request } = ask;
      const lease = request.dryRun && { lease: await this.room.wouldGive(conversationId, to, token) };
      return { type: 'reassign', ...lease, ...target, ...guards };
    });
  }

  #run(
    ask: Ask,
    verb: Verb,
    comment: string | undefined,
    fields: (state: Conversation) => Promise<Fields>,
  ): Promise<CommandAnswer> {
    const { tenant, caller, request } = ask;
    let known: Conversation | undefined;
    const reached = async (): Promise<Conversation> => (known ??= await this.#reached(ask, verb));
    return this.endpoint.run({
      request,
      tenant,
      caller,
      reach: async () => void (await reached()),
      rehearse: async () => {
        const command = commandOf(ask, REHEARSAL, comment && REHEARSAL, await fields(await reached()));
        return this.#rehearse(ask, command);
      },
      perform: async (commandId) => {
        const state = await reached();
        const own = await fields(state);
        const commentId = await this.#kept(ask, state, commandId, comment);
        return this.#perform(ask, state, commandOf(ask, commandId, commentId, own));
      },
    });
  }

  /**
   * In the order of the contract: 404, 403 FORBIDDEN_SCOPE, 410. A fold that says no may be behind, so the run is asked
   * before anybody is turned away.
   */
  async #reached(ask: Ask, verb: Verb): Promise<Conversation> {
    if (threadOf(ask.conversationId) === undefined) throw problem(404, 'not-found');
    const folded = await this.#folded(ask);
    const isReached = folded !== undefined && reaches(ask.caller, verb, folded);
    const state = isReached ? folded : ((await this.#inItsRun(ask)) ?? folded);
    if (state === undefined) throw problem(404, 'not-found');
    if (!reaches(ask.caller, verb, state)) throw reasonProblem('FORBIDDEN_SCOPE');
    if (state.erased) throw reasonProblem('ERASED');
    return state;
  }

  /**
   * As who asked may see it: tags by name, and which commands are open to them now.
   * @param expected what the command should have made of the state that we knew
   */
  async #shown(ask: Ask, outcome: CommandOutcome, expected: Conversation | undefined): Promise<CommandOutcome> {
    if (outcome.kind !== 'done') return outcome;
    const { tagName } = await this.configuration.of(ask.tenant);
    const view = withTagNames(outcome.conversation, tagName);
    const state = expected?.sequence === view.sequence ? expected : await this.#soFar(ask, view.sequence);
    const open = state && availableCommands(state, ask.caller, UNKNOWN_FACTS, new Date().toISOString());
    return { ...outcome, conversation: { ...view, availableCommands: open ?? null } };
  }

  /** Undefined when nobody knows it so far just now: the command is decided, and its answer must not wait for this. */
  async #soFar(ask: Ask, sequence: number): Promise<Conversation | undefined> {
    const within = { deadlineMs: AVAILABLE_WITHIN_MS };
    const reply = await this.temporal.decisionState(ask.tenant, ask.conversationId, within);
    const state = reply.kind === 'answer' ? reply.answer.conversation : await this.#folded(ask);
    return state && state.sequence >= sequence ? state : undefined;
  }

  async #perform(ask: Ask, reached: Conversation, command: SupervisorCommand): Promise<CommandOutcome> {
    const reply = await sent(this.temporal, ask, command);
    const outcome = await outcomeOf(reply, async () => fromFold(await this.#folded(ask), command).outcome);
    return this.#shown(ask, outcome, rehearse(reached, command, UNKNOWN_FACTS, new Date().toISOString()).after);
  }

  async #rehearse(ask: Ask, command: SupervisorCommand): Promise<CommandOutcome> {
    const reply = await this.temporal.decisionState(ask.tenant, ask.conversationId);
    if (reply.kind !== 'answer' && reply.kind !== 'not-found') return { kind: 'unavailable' };
    const { outcome, after } =
      reply.kind === 'answer'
        ? rehearse(reply.answer.conversation, command, reply.answer.facts, new Date().toISOString())
        : fromFold(await this.#folded(ask), command);
    return this.#shown(ask, outcome, after);
  }

  /** A5, D6: the comment is kept, encrypted, before the command that names it goes out. */
  async #kept(
    { tenant, conversationId, caller }: Ask,
    { contactId }: Conversation,
    commandId: string,
    text: string | undefined,
  ): Promise<string | undefined> {
    if (text === undefined) return undefined;
    try {
      return await this.comments.keep(commandId, { tenant, conversationId, contactId, by: caller.id, text });
    } catch (error) {
      if (error instanceof ContactErased) throw reasonProblem('ERASED');
      throw error;
    }
  }

  /** Undefined: no run holds it. @throws 503 */
  async #inItsRun(ask: Ask): Promise<Conversation | undefined> {
    const reply = await this.temporal.decisionState(ask.tenant, ask.conversationId);
    if (reply.kind === 'answer') return reply.answer.conversation;
    if (reply.kind === 'not-found') return undefined;
    throw unavailable('The conversation cannot be reached just now.');
  }

  #folded({ tenant, conversationId }: Ask): Promise<Conversation | undefined> {
    return this.conversations.known(tenant, conversationId);
  }
}

/** The episode that is meant has ended, as far as we know; named in the command, so that a later one cannot be meant. */
const isOver = (state: Conversation, episode: number): boolean =>
  episode < state.episode || (isEnded(state) && episode === state.episode);

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
function fromFold(
  state: Conversation | undefined,
  command: SupervisorCommand,
): { outcome: CommandOutcome; after?: Conversation } {
  if (state === undefined) return { outcome: { kind: 'not-found' } };
  if (!isEnded(state)) return { outcome: { kind: 'behind' } };
  return rehearse(state, command, UNKNOWN_FACTS, new Date().toISOString());
}
