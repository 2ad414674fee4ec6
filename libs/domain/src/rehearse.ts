import type { Command, Refusal } from '@parley/contracts/command';
import type { ConversationView } from '@parley/contracts/conversation';
import type { ReasonCode } from '@parley/contracts/reason';
import type { Conversation, Facts } from '@parley/contracts/state';
import { decide } from './decide.js';
import type { Decision } from './decision.js';
import { type Effect, effectsOf } from './effects.js';
import { evolve } from './evolve.js';
import { ORDER_OF_CHECKS } from './order-of-checks.js';
import { viewOf } from './view.js';

/** What a command comes to by the rules, and the conversation after it. */
export interface Rehearsed {
  outcome:
    | { kind: 'done'; outcome: string; sequence: number; conversation: ConversationView; effects: readonly Effect[] }
    | ({ kind: 'refused' } & Refusal)
    /** It hangs on a lease that a rehearsal does not take. */
    | { kind: 'behind' };
  after: Conversation;
}

/**
 * Decides as the conversation itself would, without sending anything: dry runs, and what has left its run. What stands
 * `against` the command beside its rule takes its place in the order of refusals.
 */
export function rehearse(
  state: Conversation,
  command: Command,
  facts: Facts,
  now: string,
  against: readonly ReasonCode[] = [],
): Rehearsed {
  const decision = decide(state, command, facts, now);
  const reason = firstAgainst(decision, against);
  if (reason) {
    const { sequence: currentSequence, nextConversationId } = state;
    return { outcome: { kind: 'refused', reason, currentSequence, nextConversationId }, after: state };
  }
  switch (decision.kind) {
    case 'refused':
    case 'ask-lease':
      return { outcome: { kind: 'behind' }, after: state };
    case 'unchanged': {
      const { outcome: name, record } = decision;
      const view = viewOf(state);
      const conversation = record ? { ...view, status: record.status, closing: record.closing } : view;
      const sequence = record?.sequence ?? state.sequence;
      return { outcome: { kind: 'done', outcome: name, sequence, conversation, effects: [] }, after: state };
    }
    case 'decided': {
      const { events } = decision;
      const after = events.reduce<Conversation>(evolve, state);
      const effects = effectsOf(state, events);
      const { sequence } = after;
      const conversation = viewOf(after);
      return { outcome: { kind: 'done', outcome: decision.outcome, sequence, conversation, effects }, after };
    }
  }
}

/** What changes nothing has nothing against it. */
function firstAgainst(decision: Decision, against: readonly ReasonCode[]): ReasonCode | undefined {
  if (decision.kind === 'unchanged') return undefined;
  const reasons = decision.kind === 'refused' ? [decision.reason, ...against] : against;
  const [first] = reasons.toSorted((a, b) => ORDER_OF_CHECKS.indexOf(a) - ORDER_OF_CHECKS.indexOf(b));
  return first;
}
