import { Injectable } from '@nestjs/common';
import type { Lease } from '@parley/contracts/command';
import type { CommandAnswer } from '@parley/contracts/conversation';
import type {
  CloseBody,
  HandOverBody,
  NoteBody,
  PlainCommandBody,
  QualifyBody,
  ReassignBody,
} from '@parley/contracts/inbox-http';
import type { Conversation } from '@parley/contracts/state';
import type { Verb } from '@parley/domain/access';
import { validationProblem } from '@parley/service/shape';
import { Leases, type Target } from '../capacity/leases.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { newTagsOf, qualified, type Qualification, type Qualified } from '../configuration/qualification.js';
import { SpotTags } from '../configuration/spot-tags.js';
import { NotesStore } from '../history/notes.store.js';
import type { Ask, Fields } from './ask.js';
import { Commands, type Plan, REHEARSAL } from './commands.js';
import { LeasedCommands } from './leased-commands.js';

type Plain = 'pause' | 'returnToQueue' | 'endSession';
const PLAIN_VERBS: Record<Plain, Verb> = {
  pause: 'pause',
  returnToQueue: 'return-to-queue',
  endSession: 'end-session',
};

/** What agents do with a conversation; each is decided by the conversation, never by us. */
@Injectable()
export class AgentCommands {
  constructor(
    private readonly commands: Commands,
    private readonly leased: LeasedCommands,
    private readonly leases: Leases,
    private readonly configuration: ConfigurationStore,
    private readonly spotTags: SpotTags,
    private readonly notes: NotesStore,
  ) {}

  plain(ask: Ask, type: Plain, guards: PlainCommandBody): Promise<CommandAnswer> {
    return this.commands.run(ask, { verb: PLAIN_VERBS[type], fields: async () => ({ type, ...guards }) });
  }

  pick(ask: Ask, guards: PlainCommandBody): Promise<CommandAnswer> {
    const { id: to } = ask.caller;
    return this.#withLease(
      ask,
      'pick',
      ({ group }) => ({ agentId: to, group }),
      async (lease) => {
        return { type: 'assign', to, lease, ...guards };
      },
    );
  }

  resume(ask: Ask, guards: PlainCommandBody): Promise<CommandAnswer> {
    const target = { agentId: ask.caller.id, group: null };
    return this.#withLease(
      ask,
      'resume',
      () => target,
      async (lease) => ({ type: 'resume', lease, ...guards }),
    );
  }

  async reassign(ask: Ask, { to, ...guards }: ReassignBody): Promise<CommandAnswer> {
    const known = await this.configuration.of(ask.tenant);
    const groupOf = ({ group, campaign }: Conversation): string =>
      [group, ...(known.campaign(campaign)?.groups ?? [])].find((each) => known.isMember(to, each)) ?? group;
    return this.#withLease(
      ask,
      'reassign',
      (state) => ({ agentId: to, group: groupOf(state) }),
      async (lease, state) => {
        const group = groupOf(state);
        return { type: 'reassign', to, lease, ...(group !== state.group && { group }), ...guards };
      },
    );
  }

  handOver(ask: Ask, { group, ...guards }: HandOverBody): Promise<CommandAnswer> {
    return this.commands.run(ask, {
      verb: 'hand-over',
      fields: async () => {
        const known = await this.configuration.of(ask.tenant);
        if (group !== undefined && !known.group(group))
          throw validationProblem([{ pointer: '/group', detail: 'is not one of your groups' }]);
        return { type: 'handOver', ...(group !== undefined && { group }), ...guards };
      },
    });
  }

  close(ask: Ask, body: CloseBody): Promise<CommandAnswer> {
    const { note, rating, transcript, exportToZendesk, tags, category, subcategory, ...guards } = body;
    const wantsMore = rating !== undefined || transcript !== undefined || exportToZendesk === true;
    const plan = this.#qualifying(ask, 'close.agent', { tags, category, subcategory }, async (fields, id, state) => {
      const noteId = note === undefined ? undefined : await this.#keep(ask, id, state, note);
      return { type: 'close', ...fields, ...guards, ...(noteId !== undefined && { noteId }) };
    });
    const fields: Plan['fields'] = async (id, state, isRehearsal) => {
      const { episode = state.episode } = guards;
      if (!hasEnded(state, episode)) return plan.fields(id, state, isRehearsal);
      // How it ended is told before what is wrong with a field (contract.md): the category may be archived by now.
      await plan.recall(state);
      return { type: 'close', ...guards, episode };
    };
    return this.commands.run(ask, { ...plan, fields, ...(wantsMore && { against: 'FEATURE_DISABLED' }) });
  }

  qualify(ask: Ask, { tags, category, subcategory, ...guards }: QualifyBody): Promise<CommandAnswer> {
    const plan = this.#qualifying(ask, 'qualify', { tags, category, subcategory }, async (fields) => {
      return { type: 'qualify', ...fields, ...guards };
    });
    return this.commands.run(ask, plan);
  }

  addNote(ask: Ask, { text, ...guards }: NoteBody): Promise<CommandAnswer> {
    return this.commands.run(ask, {
      verb: 'note',
      fields: async (commandId, state) => {
        return { type: 'addNote', noteId: await this.#keep(ask, commandId, state, text), ...guards };
      },
    });
  }

  /**
   * A tag made on the spot is there once the command came about, not before: a refusal changes nothing. `recall`: asked
   * again, it may be this very command that ended the conversation, and its new tags are made if they are not there yet.
   */
  #qualifying(
    ask: Ask,
    verb: Verb,
    said: Qualification,
    fieldsOf: (fields: Qualified['fields'], commandId: string, state: Conversation) => Promise<Fields>,
  ): Plan & { recall: (state: Conversation) => Promise<void> } {
    let newTags: Qualified['newTags'] = [];
    return {
      verb,
      fields: async (commandId, state) => {
        const result = qualified(said, await this.configuration.of(ask.tenant), state.policy, ask.caller);
        newTags = result.newTags;
        return fieldsOf(result.fields, commandId, state);
      },
      recall: async ({ policy }) => {
        newTags = newTagsOf(said.tags, await this.configuration.of(ask.tenant), policy, ask.caller);
      },
      done: () => this.spotTags.make(ask.tenant, newTags),
    };
  }

  #withLease(
    ask: Ask,
    verb: Verb,
    targetOf: (state: Conversation) => Target,
    fieldsOf: (lease: Lease, state: Conversation) => Promise<Fields>,
  ): Promise<CommandAnswer> {
    const { tenant, conversationId } = ask;
    return this.leased.run(ask, verb, targetOf, async (state, isRehearsal) => {
      const key = { tenant, conversationId, episode: state.episode };
      const lease = isRehearsal ? await this.leases.wouldGive(key, targetOf(state)) : { granted: REHEARSAL };
      return fieldsOf(lease, state);
    });
  }

  /** A rehearsal keeps nothing. */
  async #keep(ask: Ask, commandId: string, state: Conversation, text: string): Promise<string> {
    return commandId === REHEARSAL ? REHEARSAL : this.notes.keep(commandId, state, ask.caller.id, text);
  }
}

const hasEnded = ({ closings }: Conversation, episode: number): boolean =>
  closings.some((record) => record.episode === episode);
