import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or returns at once when told to stop. Never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal, ref: false } : { ref: false }).catch(() => undefined);
}

/** The first attempt is 0; doubles up to the longest. */
export const backoffMs = (attempt: number, firstMs: number, longestMs: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 20));

/** What a promise answers, or `late` after so long. The promise itself goes on. */
export async function withinMs<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const stop = new AbortController();
  const late = sleep(ms, 'late' as const, { signal: stop.signal }).catch(() => 'late' as const);
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

/** Closes at once, and again when what was still opening has opened; waits for neither longer than a second. */
export async function closeAlsoLate(opening: Promise<unknown>, close: () => Promise<void>): Promise<void> {
  const closed = close().catch(() => undefined);
  const late = opening.then(close, () => undefined).catch(() => undefined);
  await withinMs(1_000, Promise.all([closed, late]));
}
