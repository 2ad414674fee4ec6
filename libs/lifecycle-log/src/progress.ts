import type { PartitionLag } from './lag.js';

const idOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;

/**
 * Health is progress, for a consumer can be dead in a live process (ground.md): a partition of ours with lag whose
 * committed offset has not moved for `stuckAfterMs` is stuck.
 */
export class Progress {
  private readonly seen = new Map<string, { committed: number; behind: boolean; since: number }>();
  private lagNow = 0;

  constructor(
    private readonly stuckAfterMs: number,
    /** Joining waits for members that are slow, or gone and not yet missed. */
    private readonly joinWithinMs: number,
    private since: number,
  ) {}

  /** Since when nothing moved counts anew: a fresh consumer gets its time. */
  startOver(now: number): void {
    this.seen.clear();
    this.since = now;
  }

  get lag(): number {
    return this.lagNow;
  }

  /** What the broker says of our partitions; undefined while we have joined no group yet. */
  observe(lags: PartitionLag[] | undefined, now: number): 'moving' | 'idle' | 'still' | 'stuck' {
    if (!lags) return now - this.since >= this.joinWithinMs ? 'stuck' : 'still';
    this.since = now;
    this.lagNow = lags.reduce((sum, { lag }) => sum + lag, 0);
    const steps = lags.map((lag) => this.step(lag, now));
    if (this.lagNow === 0) return 'idle';
    if (steps.some((step) => step !== 'moved' && step >= this.stuckAfterMs)) return 'stuck';
    return steps.includes('moved') ? 'moving' : 'still';
  }

  /** `moved`, or for how many milliseconds a partition with lag has not. */
  private step(lag: PartitionLag, now: number): 'moved' | number {
    const id = idOf(lag);
    const before = this.seen.get(id);
    const behind = lag.lag > 0;
    if (behind && before?.behind && before.committed === lag.committed) return now - before.since;
    this.seen.set(id, { committed: lag.committed, behind, since: now });
    return before && lag.committed > before.committed ? 'moved' : 0;
  }
}
