import { expect, test } from '@jest/globals';
import { HeardTenants } from '../src/heard-tenants.js';

const NEVER_MS = 1_000_000_000;

function heardTenants({ left = [], sweepMs = NEVER_MS }: { left?: string[]; sweepMs?: number } = {}) {
  const errors: string[] = [];
  const looked: string[] = [];
  const tenants = new HeardTenants(
    sweepMs,
    async () => left,
    (error) => void errors.push(String(error)),
  );
  const each = (failing: string[] = []) =>
    tenants.each(async (tenant) => {
      looked.push(tenant);
      if (failing.includes(tenant)) throw new Error(`no ${tenant}`);
    });
  return { tenants, each, errors, looked: () => looked.splice(0).toSorted() };
}

test('one tenant that fails takes no hint from the others, and is looked at again', async () => {
  const { tenants, each, errors, looked } = heardTenants();
  for (const name of ['a', 'b', 'c', 'd', 'e']) tenants.hear(name);
  expect(await each(['a'])).toBe(false);
  expect(looked()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(errors).toEqual(['Error: no a']);
  await each();
  expect(looked()).toEqual(['a']);
  await each();
  expect(looked()).toEqual([]);
});

test('however much is heard, what nobody heard of is swept by time', async () => {
  const { tenants, each, looked } = heardTenants({ left: ['unheard'], sweepMs: 0 });
  tenants.hear('loud');
  await each();
  expect(looked()).toEqual(['loud', 'unheard']);
});

test('a lost connection means: look at all, now', async () => {
  const { tenants, each, looked } = heardTenants({ left: ['unheard'] });
  await each();
  expect(looked()).toEqual(['unheard']);
  await each();
  expect(looked()).toEqual([]);
  tenants.hear(null);
  tenants.hear('loud');
  await each();
  expect(looked()).toEqual(['loud', 'unheard']);
});

test('a sweep that fails keeps nobody from what was heard', async () => {
  const errors: unknown[] = [];
  const failing = (): Promise<string[]> => Promise.reject(new Error('too slow'));
  const tenants = new HeardTenants(NEVER_MS, failing, (error) => void errors.push(error));
  tenants.hear('loud');
  const looked: string[] = [];
  await tenants.each(async (tenant) => void looked.push(tenant));
  expect([looked, errors]).toEqual([['loud'], [new Error('too slow')]]);
});

test('what is heard while it is looked at is looked at once more', async () => {
  const { tenants } = heardTenants();
  const looked: string[] = [];
  tenants.hear('a');
  const more = await tenants.each(async (tenant) => {
    looked.push(tenant);
    tenants.hear('a');
  });
  expect([more, looked]).toEqual([true, ['a']]);
});
