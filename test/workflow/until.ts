import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for what must become true; says what did not, should it not. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  { withinMs = 15_000, what = isSo.toString() }: { withinMs?: number; what?: string } = {},
): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}
