import type { PartitionLag } from './lag.js';

export const partitionId = ({ topic, partition }: { topic: string; partition: number }): string =>
  `${topic}/${partition}`;

/**
 * Health is progress, for a consumer can be dead in a live process (ground.md): a partition of ours with lag whose
 * committed offset has not moved for `stuckAfterMs` is stuck.
 */
export class Progress {
  private readonly seen = new Map<string, { committed: number; behind: boolean; since: number }>();
  /** Where those stood that were stuck; kept for the consumers that come after. */
  private readonly stuckAt = new Map<string, number>();
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

  /**
   * What the broker says of our partitions; undefined while we have joined no group yet. Of those that are not expected to
   * move now, only the lag counts.
   */
  observe(
    lags: PartitionLag[] | undefined,
    now: number,
    isExpected: (lag: PartitionLag) => boolean = () => true,
  ): 'moving' | 'idle' | 'still' | 'stuck' {
    if (!lags) return now - this.since >= this.joinWithinMs ? 'stuck' : 'still';
    this.since = now;
    this.lagNow = lags.reduce((sum, { lag }) => sum + lag, 0);
    for (const lag of lags) if (!isExpected(lag)) this.seen.delete(partitionId(lag));
    const steps = lags.filter(isExpected).map((lag) => ({ lag, step: this.step(lag, now) }));
    if (this.lagNow === 0) return 'idle';
    const stuck = steps.filter(({ step }) => step !== 'moved' && step >= this.stuckAfterMs);
    for (const { lag } of stuck) this.stuckAt.set(partitionId(lag), lag.committed);
    if (stuck.length > 0) return 'stuck';
    return steps.some(({ step }) => step === 'moved') ? 'moving' : 'still';
  }

  /** Whether everything that was stuck has moved since, or has nothing left to do, whoever holds it now. */
  hasRecovered(all: PartitionLag[]): boolean {
    const isStuckStill = (lag: PartitionLag): boolean =>
      lag.lag > 0 && lag.committed <= (this.stuckAt.get(partitionId(lag)) ?? -1);
    if (all.some(isStuckStill)) return false;
    this.stuckAt.clear();
    return true;
  }

  /** `moved`, or for how many milliseconds a partition with lag has not. */
  private step(lag: PartitionLag, now: number): 'moved' | number {
    const id = partitionId(lag);
    const before = this.seen.get(id);
    const behind = lag.lag > 0;
    if (behind && before?.behind && before.committed === lag.committed) return now - before.since;
    this.seen.set(id, { committed: lag.committed, behind, since: now });
    return before && lag.committed > before.committed ? 'moved' : 0;
  }
}
