import { CancellationScope, condition } from '@temporalio/workflow';
import type { CommandOf, Lease } from '@parley/contracts/command';
import type { CommandUpdateAnswer, LeaseRequest } from '@parley/contracts/protocol';
import { isEnded } from '@parley/domain/conversation';
import { ledger } from './activities.js';
import { answerCommand, BUSY } from './command.js';
import { isLease } from './guards.js';
import type { Thread } from './thread.js';

const NO_ANSWER: Lease = { refused: 'TARGET_UNAVAILABLE' };

/**
 * The one handler that waits (architecture.md, decision 12): a reassignment that brings no lease asks inbox for one, and
 * what inbox says arrives as one more command. Whatever ends the wait answers.
 */
export async function answerReassign(
  thread: Thread,
  conversationId: string,
  command: CommandOf<'reassign'>,
  rememberedAs: string = command.commandId,
): Promise<CommandUpdateAnswer> {
  const answer = answerCommand(thread, conversationId, command, rememberedAs);
  if (answer.kind !== 'ask-lease') return answer;
  const request = requestFor(thread, conversationId, command, rememberedAs);
  thread.leaseAsked = true;
  const asked = await CancellationScope.nonCancellable(() => askFor(thread, request));
  thread.leaseAsked = false;
  const lease = asked ?? NO_ANSWER;
  const decided = answerCommand(thread, conversationId, { ...command, lease }, rememberedAs);
  const isUsed = decided.kind === 'done' && decided.held !== null;
  // Also when nobody answered: inbox may have granted it all the same.
  if (!isUsed && (asked === undefined || 'granted' in asked)) thread.frees.add(request);
  thread.moved();
  return decided.kind === 'ask-lease' ? BUSY : decided;
}

function requestFor(
  thread: Thread,
  conversationId: string,
  { to, group }: CommandOf<'reassign'>,
  requestId: string,
): LeaseRequest {
  const conversation = thread.find(conversationId);
  return {
    tenant: thread.tenant,
    conversationId,
    episode: conversation?.episode ?? 1,
    requestId,
    to,
    group: group ?? conversation?.group ?? '',
  };
}

/** Undefined: nobody answered in 3 s, or the conversation ended meanwhile. */
async function askFor(thread: Thread, request: LeaseRequest): Promise<Lease | undefined> {
  const scope = new CancellationScope();
  let lease: Lease | undefined;
  let isOver = false;
  const ends = (answer?: unknown): void => {
    isOver = true;
    lease = isLease(answer) ? answer : undefined;
  };
  void scope.run(() => ledger.grantLease(request)).then(ends, () => ends());
  const hasEnded = (): boolean => {
    const conversation = thread.find(request.conversationId);
    return conversation === undefined || isEnded(conversation);
  };
  await condition(() => isOver || hasEnded());
  if (!isOver) scope.cancel();
  return lease;
}
