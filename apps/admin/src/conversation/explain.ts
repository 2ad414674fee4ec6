import type { Explanation } from '@parley/contracts/admin-http';
import type { AuditRecord } from '@parley/contracts/audit';
import type { AvailableCommand } from '@parley/contracts/conversation';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { Conversation } from '@parley/contracts/state';
import type { Language } from '@parley/service/language';
import { assigneeOf, isIn } from '@parley/domain/conversation';
import { durationOf, filled, wordsOf } from './tell.js';
import { entryOf } from './timeline.js';

export interface Known {
  readonly state: Conversation;
  readonly life: readonly LifecycleEvent[];
  readonly refused: readonly AuditRecord[];
  readonly availableCommands: readonly AvailableCommand[];
  readonly now: string;
  readonly language: Language;
}

/** Why it is in this state, what it waits for, under which policy, and who was refused what (X6). Undefined: no life is known. */
export function explained(known: Known): Explanation | undefined {
  const { state, life, refused, availableCommands, language } = known;
  const cause = life.findLast((event) => event.statusFrom !== event.statusTo) ?? life.at(-1);
  if (cause === undefined) return undefined;
  return {
    conversationId: state.conversationId,
    sequence: state.sequence,
    episode: state.episode,
    status: state.status,
    pendingReason: state.status === 'pending' ? state.pendingReason : null,
    why: entryOf(cause, language),
    waitsFor: waiting(known),
    clock: clockOf(known),
    policy: state.policy,
    refused: [...refused],
    availableCommands: [...availableCommands],
  };
}

function waiting({ state, now, language }: Known): Explanation['waitsFor'] {
  const words = wordsOf(language);
  const what = awaited(state);
  const { deadlineAt } = state;
  const remainingMs = deadlineAt === null ? null : Date.parse(deadlineAt) - Date.parse(now);
  const text = filled(words.waits[what], { assignedTo: assigneeOf(state), deadlineAt }, words);
  return { what, text, deadlineAt, remainingMs };
}

function awaited(state: Conversation): Explanation['waitsFor']['what'] {
  switch (state.status) {
    case 'bot':
    case 'active':
      return state.deadlineAt === null ? 'either-message' : 'deadline';
    case 'pending':
      return 'agent';
    case 'assigned':
      return 'agent-message';
    case 'paused':
      return 'visitor-message';
    case 'wrap-up':
      return 'ticket-close';
    case 'closed':
    case 'cancelled':
      return 'nothing';
  }
}

/** B12, worked out: the last message (or the start) and the policy's silence make the deadline. */
function clockOf({ state, language }: Known): Explanation['clock'] {
  const { inactivityMs, inactivityFrom } = state.policy;
  if (inactivityMs === null) return null;
  const words = wordsOf(language);
  const startedFrom = state.lastMessageAt ?? state.startedAt;
  const runs = isIn(state, inactivityFrom);
  const numbers = { startedFrom, inactivityMs, deadlineAt: state.deadlineAt };
  const fields = { ...numbers, silence: durationOf(inactivityMs, language) };
  return { ...numbers, runs, text: filled(runs ? words.clock.runs : words.clock.stands, fields, words) };
}
