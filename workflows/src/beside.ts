import { ActivityFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import { nowMs } from './clock.js';

/** Retries belong to the activity's policy; should it give up all the same, the next attempt waits so long. */
const AFTER_FAILURE_MS = 5000;

/** One piece of work beside the handlers, at most one at a time; continue-as-new may cancel it. */
export class Beside {
  private scope: CancellationScope | undefined;
  private pausedUntilMs = 0;

  constructor(private readonly onEnd: () => void) {}

  get isBusy(): boolean {
    return this.scope !== undefined;
  }

  get mayStart(): boolean {
    return !this.isBusy && nowMs() >= this.pausedUntilMs;
  }

  /** When it may start again; undefined: now, or when what runs has ended. */
  get wakesAtMs(): number | undefined {
    return this.pausedUntilMs > nowMs() ? this.pausedUntilMs : undefined;
  }

  start(work: () => Promise<void>): void {
    const scope = new CancellationScope();
    this.scope = scope;
    void scope.run(work).then(
      () => this.end(),
      (error: unknown) => this.fail(error),
    );
  }

  pauseFor(ms: number): void {
    this.pausedUntilMs = nowMs() + ms;
  }

  cancel(): void {
    this.scope?.cancel();
  }

  private fail(error: unknown): void {
    if (!isCancellation(error)) {
      // Anything but a failed activity is a bug, and a bug fails the task: it is retried until it is mended.
      if (!(error instanceof ActivityFailure)) throw error;
      this.pauseFor(AFTER_FAILURE_MS);
    }
    this.end();
  }

  private end(): void {
    this.scope = undefined;
    this.onEnd();
  }
}
