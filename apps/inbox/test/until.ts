import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for what must become true; says what was seen, should it not. */
export async function until<T>(look: () => T | Promise<T>, isSo: (seen: T) => boolean, withinMs = 10_000): Promise<T> {
  for (const giveUpAt = Date.now() + withinMs; ; await sleep(10)) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (Date.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(seen)}`);
  }
}
