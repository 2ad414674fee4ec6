import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { ThreadRecord } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';

/** What the next run of a thread must know of the last one. */
export const ArchivedThreadRow = defineEntity({
  name: 'ArchivedThread',
  tableName: 'archived_thread',
  properties: {
    tenant: p.text().primary(),
    threadId: p.text().primary(),
    record: p.json().$type<ThreadRecord>(),
    archivedAt: p.datetime(),
  },
});
export type ArchivedThreadRow = InferEntity<typeof ArchivedThreadRow>;

/** A conversation that left its run. */
export const ArchivedConversationRow = defineEntity({
  name: 'ArchivedConversation',
  tableName: 'archived_conversation',
  properties: {
    tenant: p.text().primary(),
    conversationId: p.text().primary(),
    threadId: p.text(),
    lastSequence: p.integer(),
    state: p.json().$type<Conversation>(),
  },
});
export type ArchivedConversationRow = InferEntity<typeof ArchivedConversationRow>;
