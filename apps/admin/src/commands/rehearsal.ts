import type { Command } from '@parley/contracts/command';
import type { ConversationView } from '@parley/contracts/conversation';
import type { Conversation, Facts } from '@parley/contracts/state';
import type { CommandOutcome } from '@parley/service/command-outcome';
import { availableCommands } from '@parley/domain/available-commands';
import { decide } from '@parley/domain/decide';
import { effectsOf } from '@parley/domain/effects';
import { evolve } from '@parley/domain/evolve';
import { viewOf } from '@parley/domain/view';

/** What a command would come to, as the conversation itself would answer it; nothing happens. */
export function rehearsed(state: Conversation, command: Command, facts: Facts, now: string): CommandOutcome {
  const decision = decide(state, command, facts, now);
  const { sequence: currentSequence, nextConversationId } = state;
  const seen = (then: Conversation): ConversationView => ({
    ...viewOf(then),
    availableCommands: availableCommands(then, command.caller, facts, now),
  });
  switch (decision.kind) {
    case 'refused':
      return { kind: 'refused', reason: decision.reason, currentSequence, nextConversationId };
    case 'ask-lease':
      return { kind: 'behind' };
    case 'unchanged': {
      const { outcome, record } = decision;
      const view = seen(state);
      const conversation = record ? { ...view, status: record.status, closing: record.closing } : view;
      return { kind: 'done', outcome, sequence: record?.sequence ?? state.sequence, conversation, effects: [] };
    }
    case 'decided': {
      const after = decision.events.reduce<Conversation>(evolve, state);
      const effects = effectsOf(state, decision.events);
      return {
        kind: 'done',
        outcome: decision.outcome,
        sequence: after.sequence,
        conversation: seen(after),
        effects,
      };
    }
  }
}
