import { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
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

/**
 * Kysely gives a connection back only after a BEGIN, COMMIT or ROLLBACK that succeeded, and on a dead connection none
 * does: ten restarts of the server under load, and the pool would be empty for ever. So a connection that dies while it
 * is out goes back by itself.
 */
export function healPool(pool: Pool): void {
  const ifItDies = new WeakMap<object, () => void>();
  pool.on('acquire', (client: PoolClient) => {
    const giveBack = (): void => {
      const { release } = client;
      // Whoever has it may still give it back.
      client.release = () => undefined;
      release(true);
    };
    ifItDies.set(client, giveBack);
    client.on('error', giveBack).on('end', giveBack);
  });
  pool.on('release', (_error, client) => {
    const giveBack = ifItDies.get(client);
    if (giveBack) client.off('error', giveBack).off('end', giveBack);
  });
}
