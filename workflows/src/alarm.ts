import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { nowMs } from './clock.js';

/**
 * One timer for the earliest instant that the run waits for. An instant that moves later leaves it armed: it rings
 * early and is armed again, which costs one timer where re-arming at every message would cost two events each.
 */
export class Alarm {
  private armed: { atMs: number; scope: CancellationScope } | undefined;

  constructor(private readonly onRing: () => void) {}

  armFor(atMs: number | undefined): void {
    if (atMs === undefined || (this.armed && this.armed.atMs <= atMs)) return;
    this.armed?.scope.cancel();
    const armed = { atMs, scope: new CancellationScope() };
    this.armed = armed;
    void armed.scope
      .run(() => sleep(Math.max(atMs - nowMs(), 1)))
      .then(
        () => this.ring(armed),
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }

  private ring(armed: object): void {
    if (this.armed !== armed) return;
    this.armed = undefined;
    this.onRing();
  }
}

/** The earliest; undefined: none. */
export function earliest(...instantsMs: (number | undefined)[]): number | undefined {
  const known = instantsMs.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
