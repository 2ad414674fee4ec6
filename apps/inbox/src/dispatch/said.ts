import { outsideMessageIdOf } from '@parley/contracts/identifiers';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { MessageRow } from './message.entity.js';

/** What of a message its log tells. */
export type Said = Pick<
  MessageRow,
  | 'tenant'
  | 'id'
  | 'threadId'
  | 'conversationId'
  | 'afterSequence'
  | 'messageNumber'
  | 'decidedAt'
  | 'acceptedAt'
  | 'author'
  | 'agentId'
  | 'length'
  | 'channelAccount'
>;

/** That it was said, as the log tells it; nothing while it has no place. */
export function saidOf(row: Said): MessageEvent[] {
  const { conversationId, afterSequence, messageNumber, decidedAt } = row;
  if (!conversationId || !afterSequence || !messageNumber || !decidedAt) return [];
  return [
    {
      type: row.author === 'agent' ? 'conversation.message-sent' : 'conversation.message-received',
      time: decidedAt.toISOString(),
      acceptedAt: row.acceptedAt.toISOString(),
      tenantid: row.tenant,
      threadid: row.threadId,
      conversationId,
      messageId: outsideMessageIdOf(row.threadId, row.id),
      messageNumber,
      afterSequence,
      author: row.author,
      agentId: row.agentId ?? null,
      length: row.length ?? null,
      channelAccount: row.channelAccount,
    },
  ];
}
