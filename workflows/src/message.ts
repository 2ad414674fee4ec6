import type { Caller } from '@parley/contracts/actor';
import type { Command } from '@parley/contracts/command';
import type { MessageEvent } from '@parley/contracts/message-event';
import {
  CLAIM_MS,
  STALE_MS,
  type MessageAnswer,
  type MessageUpdate,
  type PlacedMessage,
} from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import { holderOf } from '@parley/domain/conversation';
import { capacityOf } from '@parley/domain/effects';
import { placeMessage } from '@parley/domain/place';
import { viewOf } from '@parley/domain/view';
import { msOf, now, nowMs } from './clock.js';
import type { Thread } from './thread.js';

/**
 * X1: a message joins the open conversation of its thread, reactivates a cancelled one or starts the next; once placed,
 * it is answered that place for ever.
 */
export function receiveMessage(thread: Thread, update: MessageUpdate): MessageAnswer {
  const known = thread.memory.message(update.messageId);
  if (known) return placedAgain(thread, known, update.author);
  return update.author === 'agent' ? fromAgent(thread, update) : fromVisitor(thread, update);
}

/** An agent's message names its conversation and never starts one. */
function fromAgent(thread: Thread, update: MessageUpdate): MessageAnswer {
  const conversation = update.conversationId === undefined ? undefined : thread.find(update.conversationId);
  if (!conversation) return { kind: 'unknown-conversation' };
  return place(thread, conversation, { ...saying(update), ...update.guards, type: 'message' }, update);
}

function fromVisitor(thread: Thread, update: MessageUpdate): MessageAnswer {
  const hold = holdOf(thread, update);
  if (hold) return hold;
  const known = thread.isEmpty ? knownOf(update) : undefined;
  if (known) return placedAgain(thread, known, update.author);
  const newest = thread.newest ?? update.previous?.newest;
  const where = placeMessage(newest);
  if (where === 'join' && newest) return place(thread, newest, { ...saying(update), type: 'message' }, update);
  const { start } = update;
  if (start === undefined) return { kind: 'hold', why: 'previous-needed' };
  return where === 'reactivate' && newest
    ? place(thread, newest, { ...saying(update), type: 'reactivate', start }, update)
    : startNext(thread, newest, update, start);
}

/**
 * Why it is not even let in: nothing of it is in the history, so replay does not come here. A dispatcher that was frozen
 * comes too late: another has handed it over since, and this run forgets refusals (only agents' messages are refused,
 * so those may be no older than a claim). And only the run knows surely that a conversation is paused, only inbox
 * whether its agent has room.
 */
export function holdAtDoor(thread: Thread, update: MessageUpdate): Hold | undefined {
  if (thread.memory.message(update.messageId)) return undefined;
  const hold = holdOf(thread, update);
  if (hold || thread.isEmpty) return hold;
  const staleMs = update.author === 'agent' ? CLAIM_MS : STALE_MS;
  if (!(nowMs() - msOf(update.handedAt) <= staleMs)) return { kind: 'hold', why: 'handed-too-late' };
  return update.author === 'visitor' && !update.lease ? roomOf(thread.newest) : undefined;
}

function roomOf(newest: Conversation | undefined): Hold | undefined {
  if (newest?.status !== 'paused' || holderOf(newest) !== null) return undefined;
  const { conversationId, episode, assignedTo: agentId } = newest;
  return { kind: 'hold', why: 'lease-needed', paused: { conversationId, episode, agentId } };
}

/**
 * Why inbox must hand it over again; changes nothing. A run that holds nothing yet knows no past but the one that comes
 * along, and trusts only a fresh one.
 */
function holdOf(thread: Thread, update: MessageUpdate): Hold | undefined {
  if (update.author === 'agent' || thread.memory.message(update.messageId)) return undefined;
  if (thread.isEmpty) {
    if (update.previous === undefined) return { kind: 'hold', why: 'previous-needed' };
    if (!(nowMs() - msOf(update.handedAt) <= thread.handedMs)) return { kind: 'hold', why: 'handed-too-late' };
    if (knownOf(update)) return undefined;
  }
  const where = placeMessage(thread.newest ?? update.previous?.newest);
  if (where === 'join') return undefined;
  // Without what a start needs: with everything.
  if (update.start === undefined) return { kind: 'hold', why: 'previous-needed' };
  return where === 'start' && thread.isFull ? { kind: 'hold', why: 'run-is-full' } : undefined;
}

type Hold = Extract<MessageAnswer, { kind: 'hold' }>;

const knownOf = ({ previous, messageId }: MessageUpdate): PlacedMessage | undefined =>
  [...(previous?.messages ?? []), ...(previous?.elsewhere ?? [])].find((placed) => placed.messageId === messageId);

function startNext(
  thread: Thread,
  predecessor: Conversation | undefined,
  update: MessageUpdate,
  episode: NonNullable<MessageUpdate['start']>,
): MessageAnswer {
  const conversationId = thread.newConversationId();
  const { tenant, threadId } = thread;
  const previousConversationId = predecessor?.conversationId ?? null;
  const identity = { tenant, threadId, conversationId, previousConversationId };
  const answer = place(thread, undefined, { ...saying(update), ...identity, type: 'start', start: episode }, update);
  if (predecessor && answer.kind === 'placed') thread.succeed(predecessor.conversationId, conversationId);
  return answer;
}

/** What every message says, whatever it does. */
const saying = (update: MessageUpdate) => ({
  commandId: `msg:${update.messageId}`,
  caller: update.caller,
  messageId: update.messageId,
  author: update.author,
  acceptedAt: update.acceptedAt,
  length: update.length,
  ...(update.author === 'agent' && { agentId: update.caller.id }),
  ...(update.presence && { presence: update.presence }),
  ...(update.lease && { lease: update.lease }),
  ...(update.traceparent !== undefined && { traceparent: update.traceparent }),
});

function place(
  thread: Thread,
  before: Conversation | undefined,
  command: Command & Said,
  update: MessageUpdate,
): MessageAnswer {
  const decision = thread.decide(before, command);
  if (decision.kind === 'refused') {
    const { sequence = 0, nextConversationId = null } = before ?? {};
    return { kind: 'refused', reason: decision.reason, currentSequence: sequence, nextConversationId };
  }
  const events = decision.kind === 'decided' ? decision.events : [];
  if (thread.isEmpty && update.previous) thread.takeUp(update.previous);
  if (update.presence) thread.hearPresence(update.presence, update.acceptedAt);
  if (before) thread.adopt(before);
  const after = thread.live(before, events);
  if (!after) return { kind: 'unknown-conversation' };
  const leaseUsed = capacityOf(before, events).held !== null && command.lease !== undefined;
  const placed = placeIn(thread, after, command, leaseUsed);
  thread.memory.keepMessage(placed);
  return answerOf(thread, placed, update.author);
}

export interface Said {
  caller: Caller;
  messageId: string;
  author: 'visitor' | 'agent';
  agentId?: string | undefined;
  acceptedAt: string;
  length: number | null;
  lease?: unknown;
}

/** The message's place: after the events that it caused, the next number of its conversation. */
export function placeIn(thread: Thread, state: Conversation, said: Said, leaseUsed: boolean): PlacedMessage {
  const { conversationId, tenant, threadId, channelAccount, sequence } = state;
  const messageNumber = state.lastMessageNumber + 1;
  const message: MessageEvent = {
    type: said.author === 'agent' ? 'conversation.message-sent' : 'conversation.message-received',
    time: now(),
    acceptedAt: said.acceptedAt,
    tenantid: tenant,
    threadid: threadId,
    conversationId,
    messageId: said.messageId,
    messageNumber,
    afterSequence: sequence,
    author: said.author,
    agentId: said.agentId ?? null,
    length: said.length,
    channelAccount,
  };
  thread.hear(state, message);
  const where = { messageId: said.messageId, conversationId, afterSequence: sequence, messageNumber };
  const placed: PlacedMessage = { ...where, decidedAt: now(), ...(leaseUsed && { leaseUsed: true }) };
  thread.name(conversationId);
  return placed;
}

function placedAgain(thread: Thread, placed: PlacedMessage, author: 'visitor' | 'agent'): MessageAnswer {
  thread.name(placed.conversationId);
  return answerOf(thread, placed, author);
}

function answerOf(thread: Thread, placed: PlacedMessage, author: 'visitor' | 'agent'): MessageAnswer {
  const conversation = thread.find(placed.conversationId);
  const { conversationId, afterSequence, messageNumber, decidedAt, leaseUsed = false } = placed;
  return {
    kind: 'placed',
    conversationId,
    afterSequence,
    messageNumber,
    decidedAt,
    outcome: author === 'agent' ? 'message-sent' : 'message-received',
    sequence: conversation?.sequence ?? afterSequence,
    leaseUsed,
    ...(author === 'agent' && conversation && { conversation: viewOf(conversation) }),
  };
}
