import { createHash } from 'node:crypto';

/** An answer as it was given; replayed byte for byte. */
export interface KeptAnswer {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

/** One command as its caller named it; two callers' equal keys do not meet. */
export interface IdempotentRequest {
  tenant: string;
  /** Kind and id of who asks. */
  caller: string;
  key: string;
  fingerprint: string;
}

/** Thrown to give a kept answer once more; the filter writes it as it stands. */
export class ReplayedAnswer extends Error {
  constructor(readonly kept: KeptAnswer) {
    super('an answer that was given before');
  }
}

export type Claim =
  | { kind: 'claimed'; owner: string }
  | { kind: 'replay'; answer: KeptAnswer }
  | { kind: 'in-flight'; retryAfterMs: number }
  /** The key was used for another request. */
  | { kind: 'other-request' };

/**
 * Who asked what within 24 h; @parley/persistence has it in PostgreSQL. A class, so that it is its own injection token.
 * `finish` keeps 2xx, 409, 410, 412 and 422; after any other answer the very same request may be claimed again, and a key
 * stays that request's for 24 h.
 */
export abstract class IdempotencyPort {
  abstract claim(request: IdempotentRequest): Promise<Claim>;
  abstract finish(request: IdempotentRequest, owner: string, answer: KeptAnswer): Promise<void>;
}

/** One name for a command however often it is sent: Temporal's updateId, and what events and the audit show. */
export const commandIdOf = (
  service: string,
  { tenant, caller, key }: Pick<IdempotentRequest, 'tenant' | 'caller' | 'key'>,
): string => `cmd:${digest([service, tenant, caller, key])}`;

/** What makes two requests the same: method, path and the bytes of the body. */
export const fingerprintOf = (method: string, path: string, body: Uint8Array): string =>
  digest([method, path, createHash('sha256').update(body).digest('hex')]);

/** Length-prefixed, so that no two lists of parts meet. */
function digest(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('base64url');
}
