import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Log } from '@parley/lifecycle-log/log';
import { openSchema } from './database.js';
import type { Database } from './database.js';
import { migration, rowLevelSecurity } from './migration.js';
import { openBytes, sealBytes } from './sealing.js';
import { derivedKey, hmacOf } from './secret.js';

/** Where a text lies; part of what is authenticated, so a ciphertext cannot be moved to another row. */
export interface Place {
  tenant: string;
  contactId: string;
  table: string;
  column: string;
  row: string;
}

/** One key per contact: to erase a contact is to destroy its key (architecture.md 7). */
export interface Vault {
  /** Makes the contact's key when it has none. Throws {@link ContactErased} when it was destroyed. */
  seal(place: Place, text: string): Promise<Buffer>;
  /** Undefined once the contact's key is destroyed; throws when the bytes do not belong to this place. */
  open(place: Place, sealed: Buffer): Promise<string | undefined>;
  /** For ever, also for a contact that had no key; the same again answers the same. Others forget within 60 s. */
  destroy(tenant: string, contactId: string): Promise<{ fingerprint: string | null; destroyedAt: string }>;
  /** Out of this process's memory, as soon as it hears that a contact was erased. */
  forget(tenant: string, contactId: string): void;
  /** To find a row by an address or a foreign id without keeping it readable; per tenant and kind. */
  blindIndex(tenant: string, kind: string, value: string): string;
  close(): Promise<void>;
}

export class ContactErased extends Error {
  override readonly name = 'ContactErased';
}

const CACHE_MS = 60_000;
const CACHED_KEYS = 5_000;
const KEY_BYTES = 32;
const POOL_MAX = 3;

const MIGRATIONS = [
  migration('vault-1', [
    `create table contact_key (
       tenant text not null,
       contact_id text not null,
       wrapped bytea,
       fingerprint text,
       made_at timestamptz not null default now(),
       destroyed_at timestamptz,
       primary key (tenant, contact_id),
       check ((wrapped is null) = (destroyed_at is not null))
     )`,
    ...rowLevelSecurity('contact_key'),
  ]),
];

export interface VaultOptions {
  /** Of the owner, as for `openDatabase`. */
  url: string;
  secret: string;
  /** At most 60 s. */
  cacheMs?: number;
  log?: Log;
}

/** In its own schema with its own role; every service that keeps texts opens it. */
export async function openVault({ url, secret, cacheMs = CACHE_MS, log }: VaultOptions): Promise<Vault> {
  const database = await openSchema({
    url,
    secret,
    service: 'vault',
    entities: [],
    migrations: MIGRATIONS,
    poolMax: POOL_MAX,
    ...(log && { log }),
  });
  return new ContactVault(database, secret, Math.min(cacheMs, CACHE_MS));
}

interface KeyRow {
  wrapped: Buffer | null;
  fingerprint: string | null;
}

class ContactVault implements Vault {
  private readonly cached = new Map<string, { key: Buffer; until: number }>();
  private readonly master: Buffer;
  private readonly indexKey: Buffer;

  constructor(
    private readonly database: Database,
    secret: string,
    private readonly cacheMs: number,
  ) {
    this.master = derivedKey(secret, 'vault/master-1');
    this.indexKey = derivedKey(secret, 'vault/blind-index');
  }

  async seal(place: Place, text: string): Promise<Buffer> {
    const key = await this.keyOf(place, true);
    if (!key) throw new ContactErased('The contact is erased; nothing can be kept for it.');
    return sealBytes(key, placeFields(place), Buffer.from(text, 'utf8'));
  }

  async open(place: Place, sealed: Buffer): Promise<string | undefined> {
    const key = await this.keyOf(place, false);
    return key && openBytes(key, placeFields(place), sealed).toString('utf8');
  }

  async destroy(tenant: string, contactId: string): Promise<{ fingerprint: string | null; destroyedAt: string }> {
    this.forget(tenant, contactId);
    const [row] = await this.database.inTenant(tenant, (em) =>
      em.execute<{ fingerprint: string | null; destroyed_at: Date | string }[]>(
        `insert into contact_key as kept (tenant, contact_id, destroyed_at) values (?, ?, now())
         on conflict (tenant, contact_id) do update
         set wrapped = null, destroyed_at = coalesce(kept.destroyed_at, now())
         returning fingerprint, destroyed_at`,
        [tenant, contactId],
      ),
    );
    if (!row) throw new Error('The key was not destroyed.');
    return { fingerprint: row.fingerprint, destroyedAt: new Date(row.destroyed_at).toISOString() };
  }

  forget(tenant: string, contactId: string): void {
    this.cached.delete(JSON.stringify([tenant, contactId]));
  }

  blindIndex(tenant: string, kind: string, value: string): string {
    return hmacOf(this.indexKey, tenant, kind, value).toString('base64url');
  }

  close(): Promise<void> {
    this.cached.clear();
    return this.database.close();
  }

  private async keyOf({ tenant, contactId }: Place, make: boolean): Promise<Buffer | undefined> {
    const id = JSON.stringify([tenant, contactId]);
    const known = this.cached.get(id);
    if (known && known.until > performance.now()) return known.key;
    // Counted from before the read: no key is used for longer after it was destroyed.
    const until = performance.now() + this.cacheMs;
    const row = await this.database.inTenant(tenant, (em) => this.load(em, tenant, contactId, make));
    this.cached.delete(id);
    if (!row?.wrapped) return undefined;
    const key = openBytes(this.master, [tenant, contactId], row.wrapped);
    this.remember(id, key, until);
    return key;
  }

  private remember(id: string, key: Buffer, until: number): void {
    const [oldest] = this.cached.keys();
    if (this.cached.size >= CACHED_KEYS && oldest !== undefined) this.cached.delete(oldest);
    this.cached.set(id, { key, until });
  }

  private async load(em: EntityManager, tenant: string, contactId: string, make: boolean): Promise<KeyRow | undefined> {
    const select = 'select wrapped, fingerprint from contact_key where tenant = ? and contact_id = ?';
    const [row] = await em.execute<KeyRow[]>(select, [tenant, contactId]);
    if (row || !make) return row;
    const key = randomBytes(KEY_BYTES);
    await em.execute(
      `insert into contact_key (tenant, contact_id, wrapped, fingerprint) values (?, ?, ?, ?) on conflict do nothing`,
      [tenant, contactId, sealBytes(this.master, [tenant, contactId], key), fingerprintOf(key)],
    );
    const [made] = await em.execute<KeyRow[]>(select, [tenant, contactId]);
    return made;
  }
}

const placeFields = ({ tenant, contactId, table, column, row }: Place): string[] => [
  tenant,
  contactId,
  table,
  column,
  row,
];

/** For the receipt of an erasure: names the key without telling anything of it. */
const fingerprintOf = (key: Buffer): string => createHash('sha256').update(key).digest('hex').slice(0, 32);
