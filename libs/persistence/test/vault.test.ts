import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { openDatabase } from '../src/database.js';
import type { Database } from '../src/database.js';
import { ContactErased, openVault } from '../src/vault.js';
import type { Place, Vault } from '../src/vault.js';
import { eventually } from '../../../test/parts/eventually.js';
import { run, SECRET, startPostgres, type TestPostgres } from '../../../test/parts/postgres.js';

let postgres: TestPostgres;
let database: Database;
let vault: Vault;
beforeAll(async () => {
  postgres = await startPostgres();
  const { url } = postgres;
  // At once, as two services on one machine would.
  [database, vault] = await Promise.all([
    openDatabase({ url, service: 'inbox', secret: SECRET, entities: [], migrations: [], log: () => undefined }),
    openVault({ url, secret: SECRET }),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([database.close(), vault.close()]);
  await postgres.stop();
});

const placeOf = (contactId: string, row = '1'): Place => ({
  tenant: 'demo',
  contactId,
  table: 'message',
  column: 'text',
  row,
});

describe('the vault', () => {
  test('what was sealed opens at its place, and its bytes do not show the text', async () => {
    const text = 'Où est ma commande ? 🙂 CANARY-1';
    const sealed = await vault.seal(placeOf('c1'), text);
    expect(sealed.includes('CANARY-1')).toBe(false);
    expect(await vault.open(placeOf('c1'), sealed)).toBe(text);
    const again = await vault.seal(placeOf('c1'), text);
    expect(again.equals(sealed)).toBe(false);
  });

  test('it opens nowhere else: another row, column, table, contact or tenant, or altered bytes', async () => {
    const sealed = await vault.seal(placeOf('c1'), 'text');
    await vault.seal(placeOf('c2'), 'so that c2 has a key');
    await vault.seal({ ...placeOf('c1'), tenant: 'other' }, 'and so has the other tenant’s c1');
    const altered = Buffer.from(sealed);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    const here = placeOf('c1');
    const elsewhere: [Place, Buffer][] = [
      [{ ...here, row: '2' }, sealed],
      [{ ...here, column: 'note' }, sealed],
      [{ ...here, table: 'note' }, sealed],
      [{ ...here, contactId: 'c2' }, sealed],
      [{ ...here, tenant: 'other' }, sealed],
      [here, altered],
    ];
    for (const [place, bytes] of elsewhere)
      await expect(vault.open(place, bytes)).rejects.toThrow('What is sealed does not open here');
    await expect(vault.open(here, Buffer.from('plain'))).rejects.toThrow('These bytes are not sealed by us.');
  });

  test('many first texts of one contact at once share one key', async () => {
    const others = await Promise.all([
      openVault({ url: postgres.url, secret: SECRET }),
      openVault({ url: postgres.url, secret: SECRET }),
    ]);
    const all = [vault, ...others, ...others, vault];
    const sealed = await Promise.all(all.map((one, index) => one.seal(placeOf('c3', String(index)), `text ${index}`)));
    const opened = await Promise.all(sealed.map((bytes, index) => vault.open(placeOf('c3', String(index)), bytes)));
    expect(opened).toEqual(all.map((_, index) => `text ${index}`));
    await Promise.all(others.map((one) => one.close()));
  });

  test('I17: a destroyed key is gone: open answers undefined, seal refuses, and nothing wrapped is left', async () => {
    const sealed = await vault.seal(placeOf('c4'), 'text');
    const receipt = await vault.destroy('demo', 'c4');
    expect(receipt.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(await vault.open(placeOf('c4'), sealed)).toBeUndefined();
    await expect(vault.seal(placeOf('c4'), 'more')).rejects.toThrow(ContactErased);
    expect(await vault.destroy('demo', 'c4')).toEqual(receipt);
    const left = await run(postgres.superuser, `select wrapped from vault.contact_key where contact_id = 'c4'`);
    expect(left).toEqual([{ wrapped: null }]);
  });

  test('a contact that never had a key can be erased too, and stays so', async () => {
    expect((await vault.destroy('demo', 'c5')).fingerprint).toBeNull();
    await expect(vault.seal(placeOf('c5'), 'text')).rejects.toThrow('The contact is erased');
  });

  test('another process forgets a destroyed key when its cache is over, at once when it is told', async () => {
    const other = await openVault({ url: postgres.url, secret: SECRET, cacheMs: 300 });
    const sealed = await other.seal(placeOf('c6'), 'text');
    const told = await other.seal(placeOf('c7'), 'text');
    await vault.destroy('demo', 'c6');
    await vault.destroy('demo', 'c7');
    other.forget('demo', 'c7');
    expect(await other.open(placeOf('c7'), told)).toBeUndefined();
    await eventually(
      () => other.open(placeOf('c6'), sealed),
      (text) => text === undefined,
      2_000,
    );
    await other.close();
  });

  test('F16: a wall clock that is set back keeps no destroyed key in memory', async () => {
    const other = await openVault({ url: postgres.url, secret: SECRET, cacheMs: 100 });
    const sealed = await other.seal(placeOf('c9'), 'text');
    await vault.destroy('demo', 'c9');
    const later = performance.now() + 100;
    jest.spyOn(Date, 'now').mockReturnValueOnce(0);
    jest.spyOn(performance, 'now').mockReturnValueOnce(later);
    const opened = other.open(placeOf('c9'), sealed);
    jest.restoreAllMocks();
    expect(await opened).toBeUndefined();
    await other.close();
  });

  test('keys are useless under another secret', async () => {
    const sealed = await vault.seal(placeOf('c8'), 'text');
    const thief = await openVault({ url: postgres.url, secret: 'another secret of sufficient length' });
    await expect(thief.open(placeOf('c8'), sealed)).rejects.toThrow('What is sealed does not open here');
    await thief.close();
    // The role's password follows the secret of whoever booted last.
    await (await openVault({ url: postgres.url, secret: SECRET })).close();
    await expect(openVault({ url: postgres.url, secret: 'short' })).rejects.toThrow('PARLEY_SECRET must have at least');
  });

  test('no other service’s role reaches the keys', async () => {
    await expect(run(database.url, 'select * from vault.contact_key')).rejects.toThrow(
      'permission denied for schema vault',
    );
  });

  test('a blind index finds the same value again, per tenant and kind, and does not show it', () => {
    const index = vault.blindIndex('demo', 'phone', '+33612345678');
    expect(vault.blindIndex('demo', 'phone', '+33612345678')).toBe(index);
    const others = [
      vault.blindIndex('other', 'phone', '+33612345678'),
      vault.blindIndex('demo', 'e-mail', '+33612345678'),
      vault.blindIndex('demo', 'phone', '+33612345679'),
    ];
    expect(new Set([index, ...others]).size).toBe(4);
    expect(index).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
