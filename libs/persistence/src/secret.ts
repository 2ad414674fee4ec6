import { createHmac, hkdfSync } from 'node:crypto';

/** Too short a secret is no secret. */
const SHORTEST_SECRET = 16;

/** A key for one purpose out of PARLEY_SECRET (HKDF-SHA-256, RFC 5869): knowing one of them tells nothing of the others. */
export function derivedKey(secret: string, purpose: string): Buffer {
  if (secret.length < SHORTEST_SECRET)
    throw new Error(`PARLEY_SECRET must have at least ${SHORTEST_SECRET} characters.`);
  return Buffer.from(hkdfSync('sha256', secret, '', `parley/${purpose}`, 32));
}

/** Fields are told apart: `['a', 'bc']` and `['ab', 'c']` differ. */
export const hmacOf = (key: Buffer, ...fields: string[]): Buffer =>
  createHmac('sha256', key).update(JSON.stringify(fields)).digest();
