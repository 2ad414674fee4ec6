import type { Command } from '@parley/contracts/command';
import type { UpdateCommandType } from '@parley/contracts/protocol';
import { isCaller, isLease, isPendingReason } from './guards.js';
import {
  isBoolean,
  isCount,
  isId,
  isInstant,
  isInteger,
  isPositive,
  isRecord,
  listOf,
  nullable,
  oneOf,
  shape,
  type Guard,
} from './shapes.js';

/** A command as an Update brings it: known to be what its rule expects, or undefined. */
export interface ReadCommand {
  conversationId: string;
  command: Command;
}

const base = { commandId: isId, caller: isCaller };
const conditions = {
  episode: isPositive,
  ifSequence: isCount,
  ifMessageCount: isCount,
  correlationid: isId,
  traceparent: isId,
};
const qualification = {
  tags: listOf(isId, 50),
  category: isId,
  subcategory: isId,
  subcategoryOf: nullable(isId),
};

const plain = shape(base, conditions);

const close = shape(base, { ...conditions, ...qualification, noteId: isId, commentId: isId, bulk: isBoolean });
const cancel = shape(base, { ...conditions, ...qualification, commentId: isId, bulk: isBoolean });
const handOver = shape(base, { ...conditions, group: isId, pendingReason: isPendingReason });
const requeue = shape({ ...base, pendingReason: isPendingReason }, conditions);
const assign = shape({ ...base, to: isId, lease: isLease }, conditions);
const reassign = shape({ ...base, to: isId }, { ...conditions, group: isId, commentId: isId, lease: isLease });
const resume = shape({ ...base, lease: isLease }, conditions);
const endSession = shape(base, { ...conditions, reason: oneOf('agent', 'end-user', 'inactivity', 'system') });
const qualify = shape(base, { ...conditions, ...qualification });
const addNote = shape({ ...base, noteId: isId }, conditions);
const sale = { transactionId: isId, amountMinor: isInteger, currency: isId, at: isInstant };
const trackTransaction = shape({ ...base, ...sale }, conditions);
const answerSurvey = shape({ ...base, surveyId: isId, score: isInteger }, conditions);
const rate = shape({ ...base, exchange: nullable(isPositive), tool: nullable(isPositive) }, conditions);

const read =
  <C>(guard: Guard<C>, name: (command: C) => Command) =>
  (value: unknown): Command | undefined =>
    guard(value) ? name(value) : undefined;

const READ: Record<UpdateCommandType, (value: unknown) => Command | undefined> = {
  handOver: read(handOver, (command) => ({ ...command, type: 'handOver' })),
  requeue: read(requeue, (command) => ({ ...command, type: 'requeue' })),
  assign: read(assign, (command) => ({ ...command, type: 'assign' })),
  reassign: read(reassign, (command) => ({ ...command, type: 'reassign' })),
  pause: read(plain, (command) => ({ ...command, type: 'pause' })),
  resume: read(resume, (command) => ({ ...command, type: 'resume' })),
  returnToQueue: read(plain, (command) => ({ ...command, type: 'returnToQueue' })),
  close: read(close, (command) => ({ ...command, type: 'close' })),
  cancel: read(cancel, (command) => ({ ...command, type: 'cancel' })),
  endSession: read(endSession, (command) => ({ ...command, type: 'endSession' })),
  visitorLeft: read(plain, (command) => ({ ...command, type: 'visitorLeft' })),
  qualify: read(qualify, (command) => ({ ...command, type: 'qualify' })),
  addNote: read(addNote, (command) => ({ ...command, type: 'addNote' })),
  trackTransaction: read(trackTransaction, (command) => ({ ...command, type: 'trackTransaction' })),
  answerSurvey: read(answerSurvey, (command) => ({ ...command, type: 'answerSurvey' })),
  rate: read(rate, (command) => ({ ...command, type: 'rate' })),
  erase: read(plain, (command) => ({ ...command, type: 'erase' })),
};

export function readCommand(type: UpdateCommandType, update: unknown): ReadCommand | undefined {
  if (!isRecord(update) || !isId(update['conversationId'])) return undefined;
  const command = READ[type](update['command']);
  return command && { conversationId: update['conversationId'], command };
}
