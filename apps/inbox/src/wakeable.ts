import { setTimeout as sleep } from 'node:timers/promises';

/** A loop that works when it is told to, and looks by itself now and then, for a word may be lost. */
export class Wakeable {
  readonly #stopping = new AbortController();
  #woken = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();

  /** @param sweepMs how long it waits without a word */
  constructor(
    private readonly sweepMs: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  wake(): void {
    this.#woken.resolve();
  }

  /** For what is due then. */
  wakeIn(ms: number): void {
    setTimeout(() => this.wake(), ms).unref();
  }

  /** `work` answers whether there is more to do at once. */
  start(work: () => Promise<boolean>): void {
    this.#running = this.#loop(work);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  async #loop(work: () => Promise<boolean>): Promise<void> {
    while (!this.isStopping) {
      this.#woken = Promise.withResolvers<void>();
      const more = await work().catch((error: unknown) => {
        this.onError(error);
        return false;
      });
      if (!more && !this.isStopping) await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    const { signal } = this.#stopping;
    const rested = new AbortController();
    const nap = sleep(this.sweepMs, undefined, { signal: AbortSignal.any([signal, rested.signal]) }).catch(
      () => undefined,
    );
    await Promise.race([this.#woken.promise, nap]);
    rested.abort();
  }
}
