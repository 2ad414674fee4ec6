import type { Command } from '@parley/contracts/command';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import type { Decision } from '@parley/domain/decision';
import { capacityOf, effectsOf } from '@parley/domain/effects';
import { viewOf } from '@parley/domain/view';
import { now } from './clock.js';
import type { Thread } from './thread.js';

export const BUSY: Extract<CommandUpdateAnswer, { kind: 'busy' }> = { kind: 'busy', retryAfterMs: 1000 };

/**
 * Decides a command for the conversation that it names, at once. `rememberedAs` is the command's id in the namespace of
 * whoever sent it, so that a foreign system cannot answer a command of ours beforehand.
 */
export function answerCommand(
  thread: Thread,
  conversationId: string,
  command: Command,
  rememberedAs: string = command.commandId,
): CommandUpdateAnswer | { kind: 'ask-lease' } {
  const before = thread.find(conversationId);
  if (!before) return { kind: 'unknown-conversation' };
  thread.name(conversationId);
  const known = thread.memory.outcome(conversationId, rememberedAs);
  if (known) {
    const { outcome, sequence, decidedAt, effects, freed, held } = known;
    return { kind: 'done', outcome, sequence, decidedAt, conversation: viewOf(before), effects, freed, held };
  }
  if (isBusyFor(thread, command)) return BUSY;
  const decision = thread.decide(before, command);
  if (decision.kind === 'ask-lease') return decision;
  const answer = act(thread, before, decision);
  if (answer.kind === 'done') {
    const { outcome, sequence, decidedAt, effects, freed, held } = answer;
    thread.memory.keepOutcome({
      commandId: rememberedAs,
      conversationId,
      outcome,
      sequence,
      decidedAt,
      effects,
      freed,
      held,
    });
  }
  return answer;
}

/** What waits, or would only be more to carry, comes again later; changes nothing, for the validator asks here too. */
export const isBusyFor = (thread: Thread, command: Command): boolean =>
  (thread.isHeavy && isChatter(command)) ||
  (command.type === 'reassign' && command.lease === undefined && !mayAskForLease(thread));

const mayAskForLease = ({ leaseAsked, isContinuing, frees }: Thread): boolean =>
  !leaseAsked && !isContinuing && !frees.isFull;

const isChatter = ({ type }: Command): boolean => type !== 'close' && type !== 'cancel' && type !== 'erase';

type Settled = Exclude<Decision, { kind: 'ask-lease' }>;

function act(thread: Thread, before: Conversation, decision: Settled): CommandUpdateAnswer {
  switch (decision.kind) {
    case 'refused': {
      const { sequence: currentSequence, nextConversationId } = before;
      return { kind: 'refused', reason: decision.reason, currentSequence, nextConversationId };
    }
    case 'unchanged': {
      const { outcome, record } = decision;
      const view = viewOf(before);
      return {
        kind: 'done',
        outcome,
        sequence: record?.sequence ?? before.sequence,
        decidedAt: now(),
        conversation: record ? { ...view, status: record.status, closing: record.closing } : view,
        effects: [],
        freed: null,
        held: null,
      };
    }
    case 'decided': {
      const { outcome, events } = decision;
      const after = thread.live(before, events) ?? before;
      return {
        kind: 'done',
        outcome,
        sequence: after.sequence,
        decidedAt: now(),
        conversation: viewOf(after),
        effects: effectsOf(before, events),
        ...capacityOf(before, events),
      };
    }
  }
}
