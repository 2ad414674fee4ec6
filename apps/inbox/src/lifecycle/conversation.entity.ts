import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { PendingReason, Status } from '@parley/contracts/conversation';
import type { Conversation } from '@parley/contracts/state';

/** The fold of both logs, with what lists and the router ask for in columns of its own. */
export const ConversationRow = defineEntity({
  name: 'Conversation',
  tableName: 'conversation',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    threadId: p.text(),
    contactId: p.text(),
    channelAccount: p.text(),
    campaign: p.text(),
    groupId: p.text(),
    status: p.text().$type<Status>(),
    pendingReason: p.text().$type<PendingReason>().nullable(),
    sequence: p.integer(),
    episode: p.integer(),
    assignedTo: p.text().nullable(),
    statsAgent: p.text().nullable(),
    category: p.text().nullable(),
    tags: p.array().$type<string[]>(),
    startedAt: p.datetime(),
    /** Since when it waits for an agent; null while it does not. */
    pendingSince: p.datetime().nullable(),
    /** Who gave it back last: the router does not hand it to the same agent again. */
    returnedBy: p.text().nullable(),
    state: p.json().$type<Conversation>(),
  },
});
export type ConversationRow = InferEntity<typeof ConversationRow>;

/** Each event as it came: a message that is placed late is folded in where it belongs. */
export const LifeEventRow = defineEntity({
  name: 'LifeEvent',
  tableName: 'life_event',
  properties: {
    tenant: p.text().primary(),
    conversationId: p.text().primary(),
    sequence: p.integer().primary(),
    event: p.json().$type<LifecycleEvent | NewerEvent>(),
  },
});
export type LifeEventRow = InferEntity<typeof LifeEventRow>;

/** How far a life has come as the answers to our own commands told, ahead of the log: what we read must not be older. */
export const DecidedRow = defineEntity({
  name: 'Decided',
  tableName: 'decided',
  properties: {
    tenant: p.text().primary(),
    conversationId: p.text().primary(),
    sequence: p.integer(),
  },
});
export type DecidedRow = InferEntity<typeof DecidedRow>;
