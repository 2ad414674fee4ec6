import type { Conversation } from '@parley/contracts/state';
import { isIn } from './conversation.js';

/** B12: the inactivity clock is one instant in the state, moved by every message, stopped where the policy says so. */

export const plusMs = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString();

/** When the silence will have lasted long enough; null while the clock stands still. */
function deadlineOf(state: Conversation): string | null {
  const { inactivityMs, inactivityFrom } = state.policy;
  if (inactivityMs === null || !isIn(state, inactivityFrom)) return null;
  return plusMs(state.lastMessageAt ?? state.startedAt, inactivityMs);
}

/** The state with its clock set; a deadline that moved gives every warning anew. */
export function withClock(state: Conversation): Conversation {
  const deadlineAt = deadlineOf(state);
  return deadlineAt === state.deadlineAt ? state : { ...state, deadlineAt, warningsGiven: 0 };
}

/** The policy's warnings in the order in which they come due: the longest before the end first. */
function warningsOf({ policy }: Conversation): number[] {
  const silence = policy.inactivityMs ?? 0;
  return policy.inactivityWarningsMs.filter((beforeMs) => beforeMs < silence).sort((a, b) => b - a);
}

/** How many warnings are behind us once the one so long before the end was given. */
export const warningsUpTo = (state: Conversation, beforeMs: number): number =>
  warningsOf(state).filter((other) => other >= beforeMs).length;

/** The nearest warning that is due and not given yet; those missed before it would no longer be true. */
export function warningDue(state: Conversation, deadlineAt: string, now: string): number | undefined {
  return warningsOf(state)
    .slice(state.warningsGiven)
    .findLast((beforeMs) => plusMs(deadlineAt, -beforeMs) <= now);
}

/** The next instant at which the command `deadline` must be decided, a warning or the end; null while only a message or a command can move it. */
export function dueAt(state: Conversation): string | null {
  if (state.deadlineAt === null) return null;
  const [next] = warningsOf(state).slice(state.warningsGiven);
  return next === undefined ? state.deadlineAt : plusMs(state.deadlineAt, -next);
}
