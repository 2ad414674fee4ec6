import type { Caller } from '@parley/contracts/actor';
import type { AvailableCommand, ConversationView } from '@parley/contracts/conversation';
import type { Conversation, Facts } from '@parley/contracts/state';
import { availableCommands } from '@parley/domain/available-commands';
import { viewOf } from '@parley/domain/view';
import { withTagNames } from './tag-names.js';

/** Buttons do not hang on the visitor's presence, so a list need not ask for it. */
const FACTS: Facts = { presence: { online: false, authenticated: false }, rulesVersion: 1 };

/** A conversation as this caller sees it: tags by name, and which buttons work. */
export const presented = (
  state: Conversation,
  caller: Caller,
  tagName: (slug: string) => string,
): ConversationView => ({
  ...withTagNames(viewOf(state), tagName),
  availableCommands: buttonsOf(state, caller),
});

export const buttonsOf = (state: Conversation, caller: Caller): AvailableCommand[] =>
  availableCommands(state, caller, FACTS, new Date().toISOString());
