/** So many tenants at once: each round has a connection of the database now and then. */
const AT_ONCE = 8;

/** Tenants that something moved in, as heard; from time to time all with something left, for a word may be lost. */
export class HeardTenants {
  readonly #heard = new Set<string>();
  /** Looked at again with the next look, whatever that is for, but for their sake there is none. */
  readonly #failed = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  #sweepAt = 0;

  /**
   * @param left the tenants that a sweep finds
   * @param onRoom a round is over and somebody waits for one: look again
   */
  constructor(
    private readonly sweepMs: number,
    private readonly left: () => Promise<string[]>,
    private readonly onError: (error: unknown) => void,
    private readonly onRoom: () => void,
  ) {}

  /** Null: anything may have been said. */
  hear(tenant: string | null): void {
    if (tenant === null) this.#sweepAt = 0;
    else this.#heard.add(tenant);
  }

  /**
   * Begins a round of each, and waits for none: a long one holds nobody else up. One at a time per tenant; what is heard
   * of it meanwhile is looked at once more.
   */
  async begin(work: (tenant: string) => Promise<void>): Promise<void> {
    await this.#sweep().catch(this.onError);
    for (const tenant of new Set([...this.#heard, ...this.#failed])) {
      if (this.#running.size === AT_ONCE) return;
      if (this.#running.has(tenant)) continue;
      this.#heard.delete(tenant);
      this.#failed.delete(tenant);
      this.#running.set(tenant, this.#round(tenant, work));
    }
  }

  /** Once all rounds that have begun are over. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #round(tenant: string, work: (tenant: string) => Promise<void>): Promise<void> {
    try {
      await work(tenant);
    } catch (error) {
      this.onError(error);
      this.#failed.add(tenant);
    }
    this.#running.delete(tenant);
    if ([...this.#heard].some((waiting) => !this.#running.has(waiting))) this.onRoom();
  }

  async #sweep(): Promise<void> {
    if (performance.now() < this.#sweepAt) return;
    this.#sweepAt = performance.now() + this.sweepMs;
    for (const tenant of await this.left()) this.#heard.add(tenant);
  }
}
