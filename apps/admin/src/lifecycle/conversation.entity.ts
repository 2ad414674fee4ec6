import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Status } from '@parley/contracts/conversation';
import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';

/**
 * The fold of both logs up to `last`, with what lists ask for in columns of its own. All of it but the ids is null
 * until the life has begun here: a message can arrive before the event it follows.
 */
export const ConversationRow = defineEntity({
  name: 'Conversation',
  tableName: 'conversation',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    threadId: p.text(),
    /** The sequence up to which the life is folded; what makes an event count once. */
    last: p.integer(),
    state: p.json().$type<Conversation>().nullable(),
    status: p.text().$type<Status>().nullable(),
    ended: p.boolean().nullable(),
    channelAccount: p.text().nullable(),
    campaign: p.text().nullable(),
    groupId: p.text().nullable(),
    contactId: p.text().nullable(),
    /** Assigned to; once ended, on whose panel it was. */
    agent: p.text().nullable(),
    startedAt: p.text().nullable(),
    lastMessageAt: p.text().nullable(),
    /** The last message, or the start. */
    idleSince: p.text().nullable(),
    deadlineAt: p.text().nullable(),
    /** For sorting: the deadline, or far away where there is none. */
    deadlineOrder: p.text().nullable(),
    nextConversationId: p.text().nullable(),
    /** Every group and campaign it was ever in: who may hear that it left theirs. */
    pastGroups: p.array().$type<string[]>(),
    pastCampaigns: p.array().$type<string[]>(),
    /** What `q` looks through, in lower case. */
    search: p.text().nullable(),
    /** An event that is ahead of the next one: an alarm, and the fold waits. */
    gapAt: p.integer().nullable(),
    /** The newest version read back from `conversation.state.v1`. */
    stateSeen: p.text(),
    /** Of the last change, in the stream of Live Activity. */
    position: p.bigint('string').nullable(),
  },
});
export type ConversationRow = InferEntity<typeof ConversationRow>;

/** Each event as it came. */
export const EventRow = defineEntity({
  name: 'Event',
  tableName: 'event',
  properties: {
    tenant: p.text().primary(),
    conversationId: p.text().primary(),
    sequence: p.integer().primary(),
    type: p.text(),
    time: p.text(),
    body: p.json().$type<LifecycleEvent | NewerEvent>(),
  },
});

/** That something was said, as it came. */
export const MessageEventRow = defineEntity({
  name: 'MessageEvent',
  tableName: 'message_event',
  properties: {
    tenant: p.text().primary(),
    conversationId: p.text().primary(),
    messageNumber: p.integer().primary(),
    afterSequence: p.integer(),
    time: p.text(),
    body: p.json().$type<MessageEvent>(),
  },
});
