/** Tenants that something moved in, as heard; from time to time all with something left, for a word may be lost. */
export class HeardTenants {
  readonly #heard = new Set<string>();
  #sweepAt = 0;

  /** @param left the tenants that a sweep finds */
  constructor(
    private readonly sweepMs: number,
    private readonly left: () => Promise<string[]>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Null: anything may have been said. */
  hear(tenant: string | null): void {
    if (tenant === null) this.#sweepAt = 0;
    else this.#heard.add(tenant);
  }

  /** Side by side, each once. One that fails is kept for the next time. Answers whether more was heard meanwhile. */
  async each(work: (tenant: string) => Promise<void>): Promise<boolean> {
    await this.#sweep().catch(this.onError);
    const tenants = [...this.#heard];
    this.#heard.clear();
    const results = await Promise.allSettled(tenants.map((tenant) => work(tenant)));
    const more = this.#heard.size > 0;
    results.forEach((result, index) => {
      if (result.status === 'fulfilled') return;
      this.onError(result.reason);
      this.hear(tenants[index] ?? null);
    });
    return more;
  }

  async #sweep(): Promise<void> {
    if (Date.now() < this.#sweepAt) return;
    this.#sweepAt = Date.now() + this.sweepMs;
    for (const tenant of await this.left()) this.#heard.add(tenant);
  }
}
