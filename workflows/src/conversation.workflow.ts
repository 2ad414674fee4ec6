import { allHandlersFinished, CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { workflowIdOf } from '@parley/contracts/identifiers';
import type { ConversationInput, ThreadRecord } from '@parley/contracts/protocol';
import { isSigned } from '@parley/contracts/signed';
import { inbox, publishing } from './activities.js';
import { Alarm, earliest } from './alarm.js';
import { Archiving } from './archiving.js';
import { Carry } from './carry.js';
import { nowMs } from './clock.js';
import { Courier } from './courier.js';
import { Deadline } from './deadline.js';
import { isConversationInput } from './guards.js';
import { answerQueries } from './queries.js';
import { ruleset } from './ruleset.js';
import { takeSignals } from './signals.js';
import { Thread } from './thread.js';
import { answerUpdates } from './updates.js';

/** Only inbox's dispatcher starts runs, with a message; one that has none by then was started by a mistake. */
const EMPTY_MS = 10_000;

/**
 * The conversations of one thread. A handler decides and answers in one breath; the loop publishes, waits for the next
 * deadline and, in a quiet moment, ends. null: there was no conversation.
 */
export async function conversation(input: unknown): Promise<ThreadRecord | null> {
  const rules = ruleset();
  const start = startOf(input);
  if (!start) return null;
  const thread = new Thread(start, rules, workflowInfo().firstExecutionRunId);
  answerUpdates(thread);
  takeSignals(thread);
  answerQueries(thread);
  // A request to cancel the workflow ends nothing: a conversation ends by its own commands.
  return CancellationScope.nonCancellable(() => live(thread, start));
}

async function live(thread: Thread, start: ConversationInput): Promise<ThreadRecord | null> {
  const wake = (): void => thread.moved();
  const couriers = couriersOf(thread, wake);
  const isDelivered = (): boolean => couriers.every((courier) => courier.isDone);
  const deadline = new Deadline(thread);
  const archiving = new Archiving(thread, isDelivered);
  const carry = new Carry(
    thread,
    [...couriers, deadline, archiving].map(({ beside }) => beside),
  );
  const alarm = new Alarm(wake);
  const emptyUntilMs = nowMs() + EMPTY_MS;
  for (;;) {
    if (carry.isDue) await carry.on(start);
    // All of it beside: an outage of Kafka, or of inbox, stops no timer, no close and no next conversation.
    [...couriers, deadline, archiving].forEach((errand) => errand.next());
    if (archiving.isWhole && thread.newest) return thread.record(thread.newest);
    if (thread.isEmpty && nowMs() >= emptyUntilMs && isDelivered() && allHandlersFinished()) return null;
    const pauses = couriers.map(({ beside }) => beside.wakesAtMs);
    const endsEmptyMs = thread.isEmpty && emptyUntilMs > nowMs() ? emptyUntilMs : undefined;
    alarm.armFor(earliest(deadline.wakesAtMs, archiving.wakesAtMs, endsEmptyMs, ...pauses));
    await somethingMoves(thread);
  }
}

function couriersOf(thread: Thread, wake: () => void) {
  return [
    new Courier(thread.backlog, publishing.publishLifecycle, wake),
    new Courier(thread.refusedSignals, publishing.recordRefusedSignals, wake),
    new Courier(thread.foreign, inbox.recordForeignMessages, wake),
    new Courier(thread.frees, eachBy(inbox.freeLease), wake),
  ];
}

const eachBy =
  <T>(deliver: (item: T) => Promise<void>) =>
  async (batch: T[]): Promise<void> => {
    for (const item of batch) await deliver(item);
  };

async function somethingMoves(thread: Thread): Promise<void> {
  const { moves } = thread;
  const isAnswering = !allHandlersFinished();
  await condition(() => thread.moves !== moves || (isAnswering && allHandlersFinished()));
}

/** Undefined: not started by a service of ours. A chain that continues must not end for a secret that was forgotten. */
function startOf(input: unknown): ConversationInput | undefined {
  const { workflowId, continuedFromExecutionRunId } = workflowInfo();
  const isOurs = isSigned(input) && isConversationInput(input);
  if (isOurs && workflowIdOf(input.tenant, input.threadId) === workflowId) return input;
  if (continuedFromExecutionRunId !== undefined)
    throw new Error('what this run carries on is not signed by a known secret');
  return undefined;
}
