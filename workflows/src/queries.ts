import { defineQuery, setHandler } from '@temporalio/workflow';
import type { ConversationView } from '@parley/contracts/conversation';
import { QUERIES, type DecisionState } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import { viewOf } from '@parley/domain/view';
import { askedFor } from './guards.js';
import type { Thread } from './thread.js';

/** Pure: a query that counted or drew anything would shift what later Updates decide. null: not in this run. */
export function answerQueries(thread: Thread): void {
  setHandler(defineQuery<ConversationView | null, [unknown]>(QUERIES.state), (query) => {
    const conversation = asked(thread, query);
    return conversation ? viewOf(conversation) : null;
  });
  setHandler(defineQuery<DecisionState | null, [unknown]>(QUERIES.decisionState), (query) => {
    const conversation = asked(thread, query);
    return conversation ? { conversation, facts: thread.facts } : null;
  });
}

function asked(thread: Thread, query: unknown): Conversation | undefined {
  const named = askedFor(query);
  if (!named) return undefined;
  return named.conversationId === null ? thread.newest : thread.find(named.conversationId);
}
