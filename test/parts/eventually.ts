import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again, for a time that is limited: no test sleeps. Says what was seen, should it not come. */
export async function eventually<T>(
  look: () => Promise<T> | T,
  isSo: (seen: T) => boolean,
  withinMs = 25_000,
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (Date.now() > until) throw new Error(`Not so within ${withinMs} ms: ${JSON.stringify(seen)}`);
    await sleep(20);
  }
}
