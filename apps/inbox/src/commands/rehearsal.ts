import type { Command } from '@parley/contracts/command';
import type { Conversation, Facts } from '@parley/contracts/state';
import { decide } from '@parley/domain/decide';
import { effectsOf } from '@parley/domain/effects';
import { evolve } from '@parley/domain/evolve';
import { viewOf } from '@parley/domain/view';
import type { CommandOutcome } from '@parley/service/command-outcome';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';

/** What a command comes to by the rules; `events` are what a run would have published. */
export interface Rehearsed {
  outcome: CommandOutcome;
  after: Conversation;
  events: LifecycleEvent[];
}

/** Decided here as the conversation itself would, without sending anything: dry runs, and what has left its run. */
export function rehearse(state: Conversation, command: Command, facts: Facts, now: string): Rehearsed {
  const decision = decide(state, command, facts, now);
  const { sequence: currentSequence, nextConversationId } = state;
  switch (decision.kind) {
    case 'refused': {
      const outcome: CommandOutcome = { kind: 'refused', reason: decision.reason, currentSequence, nextConversationId };
      return { outcome, after: state, events: [] };
    }
    case 'ask-lease':
      return { outcome: { kind: 'behind' }, after: state, events: [] };
    case 'unchanged': {
      const { outcome: name, record } = decision;
      const view = viewOf(state);
      const conversation = record ? { ...view, status: record.status, closing: record.closing } : view;
      const sequence = record?.sequence ?? state.sequence;
      const outcome: CommandOutcome = { kind: 'done', outcome: name, sequence, conversation, effects: [] };
      return { outcome, after: state, events: [] };
    }
    case 'decided': {
      const { events } = decision;
      const after = events.reduce<Conversation>(evolve, state);
      const effects = effectsOf(state, events);
      const { sequence } = after;
      const conversation = viewOf(after);
      return { outcome: { kind: 'done', outcome: decision.outcome, sequence, conversation, effects }, after, events };
    }
  }
}
