import { randomUUID } from 'node:crypto';
import type { Database } from './database.js';
import { derivedKey, hmacOf } from './secret.js';

/** One command as its caller named it. The same name with another request is refused (contract.md, Commands). */
export interface IdempotentRequest {
  tenant: string;
  caller: string;
  key: string;
  /** Of method, path and body; kept only as an HMAC. */
  fingerprint: string;
}

export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

export type Claim =
  /** Ours: do it, then `finish` with this claim. */
  | { kind: 'claimed'; owner: string }
  | { kind: 'replay'; answer: KeptAnswer }
  | { kind: 'in-flight'; retryAfterMs: number }
  | { kind: 'other-request' };

export interface IdempotencyStore {
  claim(request: IdempotentRequest): Promise<Claim>;
  /**
   * Keeps 2xx, 409, 410, 412 and 422 for 24 h. Any other answer ends the claim, so that the very same request may be tried
   * again at once; the key stays that request's, for after a 504 nobody knows whether it was done.
   */
  finish(request: IdempotentRequest, owner: string, answer: KeptAnswer): Promise<void>;
  /** Forgets all that is older than 24 h, page by page, or until it is told to stop; answers how many. Call it now and then. */
  sweep(stopping?: AbortSignal): Promise<number>;
}

const KEPT_MS = 24 * 3_600_000;
/** Longer than any request (10 s): a holder that has not finished by then has crashed. */
const LEASE_MS = 15_000;
/** In one statement, below its time limit. */
const SWEPT_AT_ONCE = 5_000;
const RETRY_AFTER_MS = 1_000;
const KEPT_REFUSALS = new Set([409, 410, 412, 422]);
const isKept = (status: number): boolean => (status >= 200 && status < 300) || KEPT_REFUSALS.has(status);

interface Row {
  fingerprint: string;
  owner: string;
  answer: KeptAnswer | null;
}

interface IdempotencyOptions {
  secret: string;
  leaseMs?: number;
  keptMs?: number;
  sweptAtOnce?: number;
}

/** `now` is the database's: several replicas, one clock. */
export function createIdempotencyStore(
  database: Database,
  { secret, leaseMs = LEASE_MS, keptMs = KEPT_MS, sweptAtOnce = SWEPT_AT_ONCE }: IdempotencyOptions,
): IdempotencyStore {
  const hmacKey = derivedKey(secret, 'idempotency');
  const hidden = (request: IdempotentRequest): string => hmacOf(hmacKey, request.fingerprint).toString('base64url');

  const claim = async (request: IdempotentRequest): Promise<Claim> => {
    const mine = database.statements(request.tenant);
    const owner = randomUUID();
    const fingerprint = hidden(request);
    // Takes a free key, an expired one, and its own again when its holder gave it up or crashed; else leaves the row.
    const [row] = await mine.execute<Row>(
      `insert into idempotency as kept (caller, key, fingerprint, owner, leased_until, expires_at)
         values (?, ?, ?, ?, now() + ? * interval '1 ms', now() + ? * interval '1 ms')
         on conflict (tenant, caller, key) do update set
           fingerprint = excluded.fingerprint, owner = excluded.owner, leased_until = excluded.leased_until,
           expires_at = excluded.expires_at, answer = null
         where kept.expires_at < now()
            or (kept.answer is null and kept.leased_until < now() and kept.fingerprint = excluded.fingerprint)
         returning fingerprint, owner, answer`,
      [request.caller, request.key, fingerprint, owner, leaseMs, keptMs],
    );
    if (row) return { kind: 'claimed', owner };
    const [held] = await mine.execute<Row>(
      `select fingerprint, owner, answer from idempotency
         where tenant = current_setting('parley.tenant') and caller = ? and key = ?`,
      [request.caller, request.key],
    );
    if (held && held.fingerprint !== fingerprint) return { kind: 'other-request' };
    if (held?.answer) return { kind: 'replay', answer: held.answer };
    return { kind: 'in-flight', retryAfterMs: RETRY_AFTER_MS };
  };

  const finish = async (request: IdempotentRequest, owner: string, answer: KeptAnswer): Promise<void> => {
    const em = database.statements(request.tenant);
    const mine = `where tenant = current_setting('parley.tenant') and caller = ? and key = ? and owner = ?`;
    const names = [request.caller, request.key, owner];
    if (isKept(answer.status))
      await em.execute(`update idempotency set answer = ? ${mine}`, [JSON.stringify(answer), ...names]);
    // Before every clock: a claim that began before this one ended may have it, too.
    else await em.execute(`update idempotency set leased_until = '-infinity' ${mine} and answer is null`, names);
  };

  const sweptPage = async (): Promise<number> => {
    const gone = await database.statementsAcross().execute(
      `delete from idempotency where ctid = any(array(
         select ctid from idempotency where expires_at < now() limit ?)) returning 1`,
      [sweptAtOnce],
    );
    return gone.length;
  };

  const sweep = async (stopping?: AbortSignal): Promise<number> => {
    let page = await sweptPage();
    let gone = page;
    while (page === sweptAtOnce && stopping?.aborted !== true) {
      page = await sweptPage();
      gone += page;
    }
    return gone;
  };

  return { claim, finish, sweep };
}
