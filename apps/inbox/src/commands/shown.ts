import { Injectable } from '@nestjs/common';
import type { AvailableCommand } from '@parley/contracts/conversation';
import type { Conversation } from '@parley/contracts/state';
import type { CommandOutcome } from '@parley/service/command-outcome';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { buttonsOf } from '../history/presented.js';
import { withTagNames } from '../history/tag-names.js';
import type { Ask } from './ask.js';
import { Conversations } from './conversations.js';

/** A decided command waits no longer to be told what may come next. */
const WITHIN = { deadlineMs: 1_000 };

/** The conversation in a command's answer, as its caller sees it: tags by name, and which buttons work. */
@Injectable()
export class Shown {
  constructor(
    private readonly configuration: ConfigurationStore,
    private readonly conversations: Conversations,
  ) {}

  /** @param expected what the command should have made of the state that we knew */
  async to(ask: Ask, outcome: CommandOutcome, expected: Conversation): Promise<CommandOutcome> {
    if (outcome.kind !== 'done') return outcome;
    const tagName = await this.#tagNames(ask.tenant);
    const availableCommands = await this.#buttons(ask, outcome.conversation.sequence, expected);
    return { ...outcome, conversation: { ...withTagNames(outcome.conversation, tagName), availableCommands } };
  }

  /** Tags stay slugs where their names cannot be read: the command is decided all the same. */
  async #tagNames(tenant: string): Promise<(slug: string) => string> {
    try {
      return (await this.configuration.of(tenant)).tagName;
    } catch {
      return (slug) => slug;
    }
  }

  /** A run answers no state. Where ours was behind it is asked; where it cannot be, the command is decided all the same. */
  async #buttons(
    { tenant, caller, conversationId }: Ask,
    sequence: number,
    expected: Conversation,
  ): Promise<AvailableCommand[] | null> {
    if (expected.sequence === sequence) return buttonsOf(expected, caller);
    try {
      return buttonsOf((await this.conversations.fresh(tenant, conversationId, WITHIN)).state, caller);
    } catch {
      return null;
    }
  }
}
