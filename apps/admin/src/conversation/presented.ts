import type { Caller } from '@parley/contracts/actor';
import type { ConversationView } from '@parley/contracts/conversation';
import type { Conversation, Facts } from '@parley/contracts/state';
import { availableCommands } from '@parley/domain/available-commands';
import { viewOf } from '@parley/domain/view';

/** For trials alone: which commands are open depends on none of it. */
export const UNKNOWN_FACTS: Facts = { presence: { online: false, authenticated: false }, rulesVersion: 1 };

/** Tags stand as slugs in events and as names in the API. */
export const withTagNames = (view: ConversationView, nameOf: (slug: string) => string): ConversationView => ({
  ...view,
  tags: view.tags.map(nameOf),
});

/** A conversation as one caller sees it now. */
export const presented = (state: Conversation, caller: Caller, nameOf: (slug: string) => string): ConversationView => ({
  ...withTagNames(viewOf(state), nameOf),
  availableCommands: availableCommands(state, caller, UNKNOWN_FACTS, new Date().toISOString()),
});
