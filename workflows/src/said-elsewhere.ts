import type { Command } from '@parley/contracts/command';
import { foreignMessageIdOf, threadOf } from '@parley/contracts/identifiers';
import type { ForeignMessage, MessageAnswer, PlacedMessage } from '@parley/contracts/protocol';
import type { ReasonCode } from '@parley/contracts/reason';
import type { Conversation } from '@parley/contracts/state';
import { SIGNAL_CALLER } from '@parley/domain/access';
import { placeMessage } from '@parley/domain/place';
import { now } from './clock.js';
import { isForeignSaid, type ForeignSaid } from './foreign.js';
import { placeIn } from './message.js';
import { isRecord } from './shapes.js';
import type { Thread } from './thread.js';

/** A message that another system took. It is placed like any other and inbox is told, so that the message log is whole. */
export function hearForeign(thread: Thread, said: ForeignSaid): MessageAnswer {
  const conversation = thread.find(said.conversationId);
  const known = thread.memory.message(foreignMessageIdOf(thread.threadId, said.messageId));
  thread.name(said.conversationId);
  if (known) return placed(thread, known);
  if (thread.foreign.isFull) return refused('NOT_ELIGIBLE_STATE', conversation);
  if (conversation && placeMessage(conversation) === 'join') return joined(thread, conversation, said);
  return threadOf(said.conversationId) === thread.threadId
    ? handedOn(thread, conversation, said)
    : { kind: 'unknown-conversation' };
}

function joined(thread: Thread, before: Conversation, said: ForeignSaid): MessageAnswer {
  const messageId = foreignMessageIdOf(thread.threadId, said.messageId);
  const { author, agentId, commandId = `msg:${said.messageId}`, episode } = said;
  const message = {
    commandId,
    caller: SIGNAL_CALLER,
    messageId,
    author,
    acceptedAt: now(),
    length: null,
    ...(agentId !== undefined && { agentId }),
  };
  const command: Command = { ...message, type: 'message', ...(episode !== undefined && { episode }) };
  const decision = thread.decide(before, command);
  if (decision.kind === 'refused') return refused(decision.reason, before);
  const after = thread.live(before, decision.kind === 'decided' ? decision.events : []);
  const place = placeIn(thread, after ?? before, message, false);
  thread.memory.keepElsewhere(place);
  thread.foreign.add(forInbox(thread, said, place));
  return placed(thread, place);
}

/** Its conversation takes no more: a visitor's is placed like any other by inbox's dispatcher, an agent's is refused. */
function handedOn(thread: Thread, conversation: Conversation | undefined, said: ForeignSaid): MessageAnswer {
  if (said.author === 'agent') return refused('NOT_ELIGIBLE_STATE', conversation);
  thread.foreign.add(forInbox(thread, said, null));
  thread.moved();
  return { kind: 'hold', why: 'previous-needed' };
}

const forInbox = ({ tenant, threadId }: Thread, said: ForeignSaid, place: PlacedMessage | null): ForeignMessage => ({
  tenant,
  threadId,
  messageId: said.messageId,
  author: said.author,
  agentId: said.agentId ?? null,
  at: now(),
  placed: place && { ...place, messageId: said.messageId },
});

function placed(
  thread: Thread,
  { conversationId, afterSequence, messageNumber, decidedAt }: PlacedMessage,
): MessageAnswer {
  const sequence = thread.find(conversationId)?.sequence ?? afterSequence;
  const where = { conversationId, afterSequence, messageNumber, decidedAt, sequence };
  return { kind: 'placed', ...where, outcome: 'message-received', leaseUsed: false };
}

function refused(reason: ReasonCode, conversation: Conversation | undefined): MessageAnswer {
  const { sequence = 0, nextConversationId = null } = conversation ?? {};
  return { kind: 'refused', reason, currentSequence: sequence, nextConversationId };
}

/** What an unsigned `message` Update says of itself, as far as a signal may say it; it starts nothing and brings nothing. */
export function placeOfForeign(update: unknown): ForeignSaid | undefined {
  if (!isRecord(update)) return undefined;
  const { conversationId, messageId, author, agentId } = update;
  const said: unknown = { conversationId, messageId, author, ...(agentId !== undefined && { agentId }) };
  return isForeignSaid(said) ? said : undefined;
}
