import { z } from 'zod';
import { Author } from './conversation.js';
import { ConversationId, Instant, ThreadId } from './primitives.js';

/** That something was said, never what. Order in a conversation: (`afterSequence`, `messageNumber`). */
const said = {
  /** The instant of the decision: when it found its conversation. */
  time: Instant,
  /** When we took it; this moves the inactivity clock, so an outage in between shortens nothing (B12, X2). */
  acceptedAt: Instant,
  tenantid: z.string(),
  threadid: ThreadId,
  conversationId: ConversationId,
  messageId: z.string(),
  /** 1..n in the conversation. */
  messageNumber: z.int().min(1),
  /** The life's sequence when it was placed, the events that it caused included. */
  afterSequence: z.int().min(1),
  author: Author,
  agentId: z.string().nullable(),
  /** Code points; null where only a signal told us. */
  length: z.int().min(0).nullable(),
  channelAccount: z.string(),
};

export const MESSAGE_EVENTS = {
  'message-received': z.looseObject({ type: z.literal('conversation.message-received'), ...said }),
  'message-sent': z.looseObject({ type: z.literal('conversation.message-sent'), ...said }),
} as const;

export const MessageEvent = z.discriminatedUnion('type', [
  MESSAGE_EVENTS['message-received'],
  MESSAGE_EVENTS['message-sent'],
]);
type Said = z.infer<z.ZodObject<typeof said>>;
export type MessageEvent = Said & { type: 'conversation.message-received' | 'conversation.message-sent' };
