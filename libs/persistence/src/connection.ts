import { Socket } from 'node:net';
import { derivedKey } from './secret.js';

export const STATEMENT_MS = 3_000;
export const LOCK_MS = 2_000;
export const IDLE_IN_TRANSACTION_MS = 10_000;
/** 503 within 2 s when the database refuses or the pool is exhausted (contract.md). */
export const CONNECT_MS = 1_800;
export const POOL_MAX = 10;
/** Below {@link SILENCE_MS}, so that no idle connection dies of silence. */
export const POOL_IDLE_MS = 4_000;
/** Longer than any statement may take: then the other side is frozen or cut off, and TCP would not notice for hours. */
const SILENCE_MS = 6_000;

/** A schema and its role have one plain name, for it stands in SQL. */
const PLAIN_NAME = /^[a-z][a-z0-9_]{0,40}$/;

export function plainName(name: string): string {
  if (!PLAIN_NAME.test(name)) throw new Error(`${name} is no name for a schema.`);
  return name;
}

export const roleOf = (service: string): string => `parley_${plainName(service)}`;

export const rolePassword = (secret: string, service: string): string =>
  derivedKey(secret, `database/${service}`).toString('base64url');

/** The owner's URL with the service's own role in it. */
export function runtimeUrl(ownerUrl: string, secret: string, service: string): string {
  const url = new URL(ownerUrl);
  url.username = roleOf(service);
  url.password = rolePassword(secret, service);
  return url.href;
}

/** A socket that ends itself when a statement gets no answer; pg knows no such limit that also frees the connection. */
export function impatientSocket(): Socket {
  const socket = new Socket();
  socket.setTimeout(SILENCE_MS, () =>
    socket.destroy(new Error(`The database does not answer within ${SILENCE_MS} ms`)),
  );
  return socket;
}
