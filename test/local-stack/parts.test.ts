import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { secretOf, signingKeyOf } from '../../deploy/local/keys.ts';
import { obtain } from '../../deploy/local/parts.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const parts = () => join(folder, 'parts');

const made = (content: string) => async (inside: string) => {
  writeFileSync(join(inside, 'file'), content);
  return join(inside, 'file');
};

test('a download that breaks off leaves nothing that looks like a part, and the next one is whole', async () => {
  const brokenOff = obtain(parts(), 'temporal', async (inside) => {
    writeFileSync(join(inside, 'file'), 'half');
    throw new Error('connection lost');
  });
  await expect(brokenOff).rejects.toThrow('connection lost');
  expect(readdirSync(parts())).toEqual([]);
  const place = await obtain(parts(), 'temporal', made('whole'));
  expect(readFileSync(place, 'utf8')).toBe('whole');
});

test('what a killed start had half fetched is gone with the next; what another one fetches stays', async () => {
  await obtain(parts(), 'kafka', made('jars'));
  const [dead, living] = [`.kafka-${2 ** 30}-abc`, `.kafka-${process.pid}-abc`];
  for (const folderName of [dead, living]) mkdirSync(join(parts(), folderName));
  await obtain(parts(), 'kafka', made('jars'));
  expect(readdirSync(parts())).toEqual([living, 'kafka']);
});

test('a part that is there is not fetched again', async () => {
  const first = await obtain(parts(), 'temporal', made('first'));
  const second = await obtain(parts(), 'temporal', made('second'));
  expect([second, readFileSync(second, 'utf8')]).toEqual([first, 'first']);
});

test('of two that fetch the same part at once, both get it', async () => {
  const places = await Promise.all([obtain(parts(), 'kafka', made('jars')), obtain(parts(), 'kafka', made('jars'))]);
  expect(places).toEqual([join(parts(), 'kafka'), join(parts(), 'kafka')]);
  expect(readdirSync(parts())).toEqual(['kafka']);
});

test('secrets outlive a restart and are for their owner only', async () => {
  const secret = await secretOf(folder);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await secretOf(folder)).toBe(secret);
  expect((await signingKeyOf(folder)).kid).toBe((await signingKeyOf(folder)).kid);
  expect(existsSync(join(folder, 'identity', 'signing-key.json'))).toBe(true);
});
