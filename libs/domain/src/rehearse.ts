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
  // What changes nothing has nothing against it.
  if (decision.kind === 'unchanged') return { outcome: asItStands(state, decision), after: state };
  const refusals = decision.kind === 'refused' ? [decision.reason, ...against] : against;
  const [reason] = refusals.toSorted((a, b) => ORDER_OF_CHECKS.indexOf(a) - ORDER_OF_CHECKS.indexOf(b));
  if (reason) {
    const { sequence: currentSequence, nextConversationId } = state;
    return { outcome: { kind: 'refused', reason, currentSequence, nextConversationId }, after: state };
  }
  if (decision.kind !== 'decided') return { outcome: { kind: 'behind' }, after: state };
  const { outcome, events } = decision;
  const after = events.reduce<Conversation>(evolve, state);
  const conversation = viewOf(after);
  return {
    outcome: { kind: 'done', outcome, sequence: after.sequence, conversation, effects: effectsOf(state, events) },
    after,
  };
}

function asItStands(
  state: Conversation,
  { outcome, record }: Extract<Decision, { kind: 'unchanged' }>,
): Rehearsed['outcome'] {
  const view = viewOf(state);
  if (!record) return { kind: 'done', outcome, sequence: state.sequence, conversation: view, effects: [] };
  const { sequence, status, closing } = record;
  return { kind: 'done', outcome, sequence, conversation: { ...view, status, closing }, effects: [] };
}
