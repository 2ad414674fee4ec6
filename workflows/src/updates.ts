import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import type { Command } from '@parley/contracts/command';
import type { ReasonCode } from '@parley/contracts/reason';
import {
  UNTRACED_ANSWER,
  UPDATE_COMMANDS,
  type CommandUpdateAnswer,
  type MessageAnswer,
  type MessageUpdate,
  type UpdateCommandType,
} from '@parley/contracts/protocol';
import { isSigned } from '@parley/contracts/signed';
import { viewOf } from '@parley/domain/view';
import { now } from './clock.js';
import { answerCommand, BUSY, isBusyFor } from './command.js';
import { readCommand } from './command-guards.js';
import { asIntegration, type ForeignSaid } from './foreign.js';
import { isMessageUpdate, isPresenceUpdate } from './guards.js';
import { holdAtDoor, receiveMessage } from './message.js';
import { answerReassign } from './reassign.js';
import { hearForeign, placeOfForeign } from './said-elsewhere.js';
import { sizeOf } from './size.js';
import type { Thread } from './thread.js';

/** `previous` is the largest: a thread's record. */
const SIGNED_BYTES = 1_500_000;
const UNSIGNED_BYTES = 16 * 1024;

/** Commands with an answer: each decides at once and answers. Nothing throws out of a handler. */
export function answerUpdates(thread: Thread): void {
  const counted = <A>(answer: (update: unknown) => A) => {
    return (update: unknown): A => {
      thread.updates += 1;
      thread.came();
      return answer(update);
    };
  };
  setHandler(
    defineUpdate<MessageAnswer, [unknown]>('message'),
    counted((update) => answerMessage(thread, update)),
    { validator: (update) => refuseEarly(update, messageOf(update) && untracedMessage(thread, update)) },
  );
  setHandler(
    defineUpdate<CommandUpdateAnswer, [unknown]>('presence'),
    counted((update) => answerPresence(thread, update)),
    { validator: (update) => refuseEarly(update, isPresenceUpdate(update) ? {} : undefined) },
  );
  for (const type of UPDATE_COMMANDS) {
    setHandler(
      defineUpdate<CommandUpdateAnswer, [unknown]>(type),
      counted((update) => answerNamed(thread, type, update)),
      { validator: (update) => refuseEarly(update, untracedCommand(thread, type, update)) },
    );
  }
}

/** Whether it can be read (undefined: no), and the answer that must leave no trace, if it is one. */
type Early = { answer?: Untraced } | undefined;
type Untraced = Extract<MessageAnswer, { kind: 'hold' }> | Extract<CommandUpdateAnswer, { kind: 'busy' }>;

/**
 * A refusal that leaves no trace: of what nobody can read, and of what must be decided anew under the same updateId. It
 * reads the state and changes nothing; replay does not come here.
 */
function refuseEarly(update: unknown, early: Early): void {
  const bytes = sizeOf(update);
  const limit = isSigned(update) ? SIGNED_BYTES : UNSIGNED_BYTES;
  if (bytes === undefined || bytes > limit) throw ApplicationFailure.nonRetryable('too large', 'malformed');
  if (!early) throw ApplicationFailure.nonRetryable('of no known shape', 'malformed');
  if (early.answer) throw ApplicationFailure.nonRetryable(early.answer.kind, UNTRACED_ANSWER, early.answer);
}

type Message = { from: 'inbox'; update: MessageUpdate } | { from: 'elsewhere'; said: ForeignSaid | undefined };

/** Ours when it is signed; else it says no more than a signal could, and of what it cannot say nothing. */
function messageOf(update: unknown): Message | undefined {
  const isOurs = isMessageUpdate(update);
  if (isOurs && isSigned(update)) return { from: 'inbox', update };
  const said = placeOfForeign(update);
  return isOurs || said ? { from: 'elsewhere', said } : undefined;
}

function untracedMessage(thread: Thread, update: unknown): Early {
  const message = messageOf(update);
  const answer = message?.from === 'inbox' ? holdAtDoor(thread, message.update) : undefined;
  return answer ? { answer } : {};
}

function untracedCommand(thread: Thread, type: UpdateCommandType, update: unknown): Early {
  const read = readCommand(type, update);
  if (!read) return undefined;
  const { conversationId, command } = read;
  const isKnown = thread.memory.outcome(conversationId, rememberedAs(update, command)) !== undefined;
  return thread.find(conversationId) && !isKnown && isBusyFor(thread, command) ? { answer: BUSY } : {};
}

const rememberedAs = (update: unknown, { commandId }: Command): string =>
  isSigned(update) ? commandId : `unsigned:${commandId}`;

function answerMessage(thread: Thread, update: unknown): MessageAnswer {
  const message = messageOf(update);
  if (message?.from === 'inbox') return receiveMessage(thread, message.update);
  return message?.said === undefined ? refused('FORBIDDEN_ROLE') : hearForeign(thread, message.said);
}

/** What the channel last said of the visitor (A9); it names no conversation and is answered with the newest. */
function answerPresence(thread: Thread, update: unknown): CommandUpdateAnswer {
  if (!isSigned(update) || !isPresenceUpdate(update)) return refused('FORBIDDEN_ROLE');
  const { newest } = thread;
  if (!newest) return { kind: 'unknown-conversation' };
  thread.hearPresence(update.presence, now());
  return {
    kind: 'done',
    outcome: 'unchanged',
    sequence: newest.sequence,
    decidedAt: now(),
    conversation: viewOf(newest),
    effects: [],
    freed: null,
    held: null,
  };
}

function answerNamed(
  thread: Thread,
  type: UpdateCommandType,
  update: unknown,
): CommandUpdateAnswer | Promise<CommandUpdateAnswer> {
  const read = readCommand(type, update);
  if (!read) return refused('FORBIDDEN_ROLE');
  const command = isSigned(update) ? read.command : asIntegration(read.command);
  if (!command) return refused('FEATURE_DISABLED');
  const id = rememberedAs(update, read.command);
  if (command.type === 'reassign') return answerReassign(thread, read.conversationId, command, id);
  const answer = answerCommand(thread, read.conversationId, command, id);
  return answer.kind === 'ask-lease' ? BUSY : answer;
}

const refused = (reason: ReasonCode) =>
  ({ kind: 'refused', reason, currentSequence: 0, nextConversationId: null }) as const;
