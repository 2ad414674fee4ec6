import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

const FETCH_MS = 3000;
/** An unknown `kid` fetches again at most this often, whatever is thrown at us. */
const REFETCH_MS = 30_000;
/** Before the first success the issuer is asked this often. */
const FIRST_FETCH_MS = 1000;
/** So long a set is used before it is looked up again; a withdrawn key dies within this time. */
const FRESH_MS = 600_000;
/** With the issuer away the last set goes on serving for so long, then nobody is let in. */
const STALE_MS = 24 * 3_600_000;

export class KeysUnavailable extends Error {}

/** The issuer's keys: cached, refreshed beside the requests, never trusted from a token's own header. */
export class KeySet {
  private resolve: JWTVerifyGetKey | undefined;
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private running: Promise<void> | undefined;

  constructor(
    private readonly jwksUri: () => Promise<string>,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    await this.beFresh();
    const known = this.resolve;
    if (known === undefined || this.clock() - this.fetchedAt > STALE_MS) throw new KeysUnavailable('no keys');
    try {
      return await known(header, token);
    } catch (error) {
      if (!this.mayFetch()) throw error;
      await this.fetchOnce();
      return (this.resolve ?? known)(header, token);
    }
  };

  /** Waits only while there is nothing to go by. */
  private async beFresh(): Promise<void> {
    if (this.clock() - this.fetchedAt <= FRESH_MS) return;
    if (this.running === undefined && !this.mayFetch()) return;
    const refresh = this.fetchOnce();
    if (this.resolve === undefined) await refresh;
  }

  private mayFetch(): boolean {
    return this.clock() - this.triedAt >= (this.resolve === undefined ? FIRST_FETCH_MS : REFETCH_MS);
  }

  private async fetchOnce(): Promise<void> {
    this.running ??= this.fetch().finally(() => (this.running = undefined));
    return this.running;
  }

  private async fetch(): Promise<void> {
    this.triedAt = this.clock();
    // The last set goes on serving; `keyFor` says when there is none.
    const set = await this.download().catch(() => undefined);
    if (!isKeySet(set)) return;
    this.resolve = createLocalJWKSet(set);
    this.fetchedAt = this.clock();
  }

  private async download(): Promise<unknown> {
    const response = await fetch(await this.jwksUri(), { redirect: 'error', signal: AbortSignal.timeout(FETCH_MS) });
    return response.ok ? response.json() : undefined;
  }
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys);
