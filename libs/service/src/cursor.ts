import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { problem } from './problem.js';

/** What a cursor belongs to: another list, tenant, filter or sorting refuses it. `limit` is no part of it. */
export interface CursorBinding {
  tenant: string;
  /** Which list: `live-activity`, `history` … */
  list: string;
  filter: Readonly<Record<string, unknown>>;
  sort: string;
}

/** The sort key and id of the last item; what a query needs to go on. */
export type CursorPosition = readonly (string | number | null)[];

/** Injection token of {@link Cursors}. */
export const CURSORS = Symbol('CURSORS');

export interface Cursors {
  write(binding: CursorBinding, position: CursorPosition): string;
  /** Throws 400 `malformed` for anything that we did not write for this very list. Undefined: from the beginning. */
  read(binding: CursorBinding, cursor: string | undefined): CursorPosition | undefined;
}

const MAC_BYTES = 16;

/** Opaque, the same on every replica, and never expiring: those of `previous` secrets are read, too. */
export function createCursors(secret: string, previous: readonly string[] = []): Cursors {
  const macOf = macWith(secret);
  const known = [macOf, ...previous.map(macWith)];
  return {
    write(binding, position) {
      const payload = Buffer.from(JSON.stringify(position));
      return Buffer.concat([macOf(binding, payload), payload]).toString('base64url');
    },
    read(binding, cursor) {
      if (cursor === undefined) return undefined;
      const bytes = Buffer.from(cursor, 'base64url');
      const [mac, payload] = [bytes.subarray(0, MAC_BYTES), bytes.subarray(MAC_BYTES)];
      const isWhole = bytes.length > MAC_BYTES && bytes.toString('base64url') === cursor;
      if (!isWhole || !known.some((each) => timingSafeEqual(mac, each(binding, payload)))) throw invalid();
      return positionIn(payload);
    },
  };
}

function macWith(secret: string): (binding: CursorBinding, payload: Uint8Array) => Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, 'parley', 'cursor/v1', 32));
  return (binding, payload) =>
    createHmac('sha256', key).update(canonical(binding)).update('\0').update(payload).digest().subarray(0, MAC_BYTES);
}

function positionIn(payload: Uint8Array): CursorPosition {
  const parsed: unknown = JSON.parse(Buffer.from(payload).toString());
  return Array.isArray(parsed) ? parsed.map(partOf) : [];
}

const partOf = (part: unknown): string | number | null =>
  typeof part === 'string' || typeof part === 'number' ? part : null;

const invalid = () => problem(400, 'malformed', 'The cursor does not belong to this list, filter and sorting.');

/** Keys in order, `undefined` left out: the same filter gives the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
