import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jwtVerify } from 'jose';
import { KeySet, KeysUnavailable } from '../src/key-set.js';
import { Issuer } from './issuer.js';

let issuer: Issuer;
let now = 0;
beforeAll(async () => {
  issuer = await new Issuer().start();
});
afterAll(() => issuer.stop());

const fetches = () => issuer.asked['/jwks'] ?? 0;
const verified = async (keys: KeySet, key = 0): Promise<boolean> => {
  const { kid, privateKey } = issuer.keys[key] ?? {};
  const token = await issuer.token({}, { kid }, privateKey);
  return jwtVerify(token, keys.keyFor).then(
    () => true,
    () => false,
  );
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 100));

test('a new key is taken at its first token; a withdrawn one dies within ten minutes', async () => {
  const keys = new KeySet(
    async () => `${issuer.url}/jwks`,
    () => now,
  );
  expect(await verified(keys)).toBe(true);
  expect(fetches()).toBe(1);
  await issuer.addKey('key-2');
  now += 31_000;
  expect([await verified(keys, 1), fetches()]).toEqual([true, 2]);
  const [old] = issuer.keys.splice(0, 1);
  now += 601_000;
  await verified(keys, 0);
  await settled();
  issuer.keys.push(...(old ? [old] : []));
  expect([await verified(keys, 1), fetches()]).toEqual([false, 3]);
});

test('a set is used for a day without the issuer, then no longer', async () => {
  const keys = new KeySet(
    async () => `${issuer.url}/jwks`,
    () => now,
  );
  expect(await verified(keys)).toBe(true);
  issuer.isBroken = true;
  now += 23 * 3_600_000;
  expect(await verified(keys)).toBe(true);
  await settled();
  now += 2 * 3_600_000;
  await expect(keys.keyFor({ alg: 'RS256', kid: 'key-2' }, { payload: '', signature: '' })).rejects.toThrow(
    KeysUnavailable,
  );
  issuer.isBroken = false;
});
