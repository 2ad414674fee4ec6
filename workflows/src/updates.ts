import { ApplicationFailure, defineUpdate, setHandler } from '@temporalio/workflow';
import type { ReasonCode } from '@parley/contracts/reason';
import {
  UPDATE_COMMANDS,
  type CommandUpdateAnswer,
  type MessageAnswer,
  type UpdateCommandType,
} from '@parley/contracts/protocol';
import { isSigned } from '@parley/contracts/signed';
import { viewOf } from '@parley/domain/view';
import { now } from './clock.js';
import { answerCommand } from './command.js';
import { readCommand } from './command-guards.js';
import { asIntegration } from './foreign.js';
import { isMessageUpdate, isPresenceUpdate } from './guards.js';
import { receiveMessage } from './message.js';
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
  const validator = shapeOf((update) => isMessageUpdate(update) || placeOfForeign(update) !== undefined);
  setHandler(
    defineUpdate<MessageAnswer, [unknown]>('message'),
    counted((update) => answerMessage(thread, update)),
    { validator },
  );
  setHandler(
    defineUpdate<CommandUpdateAnswer, [unknown]>('presence'),
    counted((update) => answerPresence(thread, update)),
    { validator: shapeOf(isPresenceUpdate) },
  );
  for (const type of UPDATE_COMMANDS) {
    setHandler(
      defineUpdate<CommandUpdateAnswer, [unknown]>(type),
      counted((update) => answerNamed(thread, type, update)),
      { validator: shapeOf((update) => readCommand(type, update) !== undefined) },
    );
  }
}

/** A refusal that leaves no trace: for what no service of ours sends, and no one waits for an answer to. */
const shapeOf = (isReadable: (update: unknown) => boolean) => (update: unknown) => {
  const bytes = sizeOf(update);
  const limit = isSigned(update) ? SIGNED_BYTES : UNSIGNED_BYTES;
  if (bytes === undefined || bytes > limit) throw ApplicationFailure.nonRetryable('too large', 'malformed');
  if (!isReadable(update)) throw ApplicationFailure.nonRetryable('of no known shape', 'malformed');
};

function answerMessage(thread: Thread, update: unknown): MessageAnswer {
  if (isSigned(update) && isMessageUpdate(update)) return receiveMessage(thread, update);
  const said = placeOfForeign(update);
  return said === undefined ? refused('FORBIDDEN_ROLE') : hearForeign(thread, said);
}

/** What the channel last said of the visitor (A9); it names no conversation and is answered with the newest. */
function answerPresence(thread: Thread, update: unknown): CommandUpdateAnswer {
  if (!isSigned(update) || !isPresenceUpdate(update)) return refused('FORBIDDEN_ROLE');
  const { newest } = thread;
  if (!newest) return { kind: 'unknown-conversation' };
  thread.presence = update.presence;
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
  const rememberedAs = isSigned(update) ? command.commandId : `unsigned:${command.commandId}`;
  if (command.type === 'reassign') return answerReassign(thread, read.conversationId, command, rememberedAs);
  const answer = answerCommand(thread, read.conversationId, command, rememberedAs);
  return answer.kind === 'ask-lease' ? { kind: 'busy', retryAfterMs: 1000 } : answer;
}

const refused = (reason: ReasonCode) =>
  ({ kind: 'refused', reason, currentSequence: 0, nextConversationId: null }) as const;
