import { createHash } from 'node:crypto';

/** An answer as it was given; replayed byte for byte. */
export interface KeptAnswer {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

export interface IdempotencyScope {
  tenant: string;
  /** Kind and id of who asks: two callers' equal keys must not meet. */
  caller: string;
  key: string;
}

/** Thrown to give a kept answer once more; the filter writes it as it stands. */
export class ReplayedAnswer extends Error {
  constructor(readonly kept: KeptAnswer) {
    super('an answer that was given before');
  }
}

export type Claim =
  | { kind: 'new' }
  | ({ kind: 'replay' } & KeptAnswer)
  /** The key was used for another request. */
  | { kind: 'mismatch' }
  | { kind: 'in-flight' };

/** Who asked what within 24 h; @parley/persistence has it in PostgreSQL. A class, so that it is its own injection token. */
export abstract class IdempotencyPort {
  abstract claim(scope: IdempotencyScope, fingerprint: string): Promise<Claim>;
  abstract keep(scope: IdempotencyScope, answer: KeptAnswer): Promise<void>;
  abstract release(scope: IdempotencyScope): Promise<void>;
}

/** Contract: 2xx, 409, 410, 412 and 422 are kept; 401, 429, 5xx and the rest are not. */
export const isKept = (status: number): boolean =>
  (status >= 200 && status < 300) || [409, 410, 412, 422].includes(status);

/** One name for a command however often it is sent: Temporal's updateId, and what events and the audit show. */
export const commandIdOf = (service: string, { tenant, caller, key }: IdempotencyScope): string =>
  `cmd:${digest([service, tenant, caller, key])}`;

/** What makes two requests the same: method, path and the bytes of the body. */
export const fingerprintOf = (method: string, path: string, body: Uint8Array): string =>
  digest([method, path, createHash('sha256').update(body).digest('hex')]);

/** Length-prefixed, so that no two lists of parts meet. */
function digest(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('base64url');
}
