import { setTimeout as sleep } from 'node:timers/promises';
import { fateOf, untracedAnswerIn, type Fate } from './fate.js';
import type { TemporalConnection } from './connection.js';

export type Reply<T> =
  | { kind: 'answer'; answer: T }
  /** No run, or none that is open: inbox's archive knows. */
  | { kind: 'not-found' }
  /** Surely nothing happened. */
  | { kind: 'unavailable'; why: string }
  /** It was sent and nobody answered: ask again with the same id. */
  | { kind: 'unknown-outcome'; why: string };

const CONNECT_WITHIN_MS = 1500;
/** A call that came back UNAVAILABLE is tried again for so long: the caller's 503 is due within 2 s. */
const AWAY_FOR_MS = 1500;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 200;
const SHORTEST_CALL_MS = 50;

/**
 * Calls until there is an answer, a definite refusal, or no time left. `call` must be harmless when repeated.
 * @param deadline as gRPC wants it: by the wall clock
 */
export async function patiently<T>(
  connection: TemporalConnection,
  deadline: number,
  call: () => Promise<T>,
): Promise<Reply<T>> {
  const trial: Trial = {
    endsAt: performance.now() + deadline - Date.now(),
    sent: false,
    why: 'no attempt',
    pauseMs: FIRST_PAUSE_MS,
    awaySince: undefined,
  };
  for (;;) {
    if (!(await connection.isReadyWithin(Math.min(CONNECT_WITHIN_MS, Math.max(trial.endsAt - performance.now(), 1))))) {
      return givenUp({ ...trial, why: 'no connection to Temporal' });
    }
    try {
      return { kind: 'answer', answer: await connection.withDeadline(deadline, call) };
    } catch (error) {
      const untraced = untracedAnswerIn<T>(error);
      if (untraced) return { kind: 'answer', answer: untraced.answer };
      const fate = fateOf(error);
      if (fate.kind === 'unavailable' && trial.sent) return { kind: 'unknown-outcome', why: fate.why };
      if (fate.kind !== 'again') return fate;
      if (!(await mayTryAgain(trial, fate))) return givenUp(trial);
    }
  }
}

interface Trial {
  /** By the monotonic clock, as `awaySince` is: a wall clock that is set would end or prolong the patience (F16). */
  endsAt: number;
  /** Some attempt may have reached the workflow. */
  sent: boolean;
  why: string;
  pauseMs: number;
  awaySince: number | undefined;
}

async function mayTryAgain(trial: Trial, fate: Extract<Fate, { kind: 'again' }>): Promise<boolean> {
  trial.sent ||= fate.sent;
  trial.why = fate.why;
  if (fate.away) trial.awaySince ??= performance.now();
  else trial.awaySince = undefined;
  const patienceEnds = Math.min(trial.endsAt, (trial.awaySince ?? trial.endsAt) + AWAY_FOR_MS);
  const pauseMs = trial.pauseMs * (0.5 + Math.random() / 2);
  if (performance.now() + pauseMs + SHORTEST_CALL_MS > patienceEnds) return false;
  trial.pauseMs = Math.min(trial.pauseMs * 2, LONGEST_PAUSE_MS);
  await sleep(pauseMs);
  return true;
}

const givenUp = (trial: Trial): Reply<never> =>
  trial.sent ? { kind: 'unknown-outcome', why: trial.why } : { kind: 'unavailable', why: trial.why };
