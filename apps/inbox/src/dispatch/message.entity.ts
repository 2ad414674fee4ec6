import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Caller } from '@parley/contracts/actor';
import type { Author } from '@parley/contracts/conversation';
import type { Guards, MessageAnswer } from '@parley/contracts/protocol';

/**
 * `stored` → `handed` (sent to the workflow, no answer yet) → `placed` → `published`; or an end without a place:
 * `refused` by the workflow, `withdrawn` (an agent's, before it was handed over).
 */
export type MessageState = 'stored' | 'handed' | 'placed' | 'published' | 'refused' | 'withdrawn';

/** A message is its own outbox: the same row is taken, placed in a conversation and published. */
export const MessageRow = defineEntity({
  name: 'Message',
  tableName: 'message',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    threadId: p.text(),
    contactId: p.text(),
    position: p.integer(),
    channelAccount: p.text(),
    /** Keyed hash of the id that the channel or the agent's client gave; null for what was said elsewhere. */
    sourceKey: p.text().nullable(),
    state: p.text().$type<MessageState>(),
    author: p.text().$type<Author>(),
    agentId: p.text().nullable(),
    /** Named by an agent's message; found for a visitor's. */
    conversationId: p.text().nullable(),
    acceptedAt: p.datetime(),
    sentAt: p.datetime().nullable(),
    /** Code points; null where only a signal told us. */
    length: p.integer().nullable(),
    /** Sealed with the contact's key; null where only a signal told us. */
    body: p.blob().$type<Buffer>().nullable(),
    online: p.boolean(),
    authenticated: p.boolean(),
    /** Wished for, should it start a conversation. */
    campaign: p.text().nullable(),
    caller: p.json().$type<Caller>(),
    /** Of an agent's message: what its sender had read. */
    guards: p.json().$type<Guards>().nullable(),
    handedAt: p.datetime().nullable(),
    decidedAt: p.datetime().nullable(),
    afterSequence: p.integer().nullable(),
    messageNumber: p.integer().nullable(),
    /** What the workflow said of an agent's message; nobody waits for the answer to a visitor's. */
    answer: p.json().$type<MessageAnswer>().nullable(),
    traceparent: p.text().nullable(),
  },
});
export type MessageRow = InferEntity<typeof MessageRow>;
