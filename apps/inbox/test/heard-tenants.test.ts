import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually } from '../../../test/parts/eventually.js';
import { HeardTenants } from '../src/heard-tenants.js';

afterEach(() => void jest.restoreAllMocks());

const NEVER_MS = 1_000_000_000;

function heardTenants({ left = [], sweepMs = NEVER_MS }: { left?: string[]; sweepMs?: number } = {}) {
  const errors: string[] = [];
  const looked: string[] = [];
  let woken = 0;
  const tenants = new HeardTenants(
    sweepMs,
    async () => left,
    (error) => void errors.push(String(error)),
    () => void woken++,
  );
  const each = async (failing: string[] = []): Promise<void> => {
    await tenants.begin(async (tenant) => {
      looked.push(tenant);
      if (failing.includes(tenant)) throw new Error(`no ${tenant}`);
    });
    await tenants.idle();
  };
  return { tenants, each, errors, looked: () => looked.splice(0).toSorted(), woken: () => woken };
}

test('one tenant that fails takes no hint from the others, and is looked at again', async () => {
  const { tenants, each, errors, looked, woken } = heardTenants();
  for (const name of ['a', 'b', 'c', 'd', 'e']) tenants.hear(name);
  await each(['a']);
  expect(looked()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(errors).toEqual(['Error: no a']);
  // With the next look, but not for its own sake: else it would be looked at without a pause.
  expect(woken()).toBe(0);
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

test('F16: a wall clock that is set back puts no sweep off', async () => {
  const { each, looked } = heardTenants({ left: ['unheard'], sweepMs: 60_000 });
  await each();
  expect(looked()).toEqual(['unheard']);
  const later = performance.now() + 60_000;
  jest.spyOn(Date, 'now').mockReturnValue(0);
  jest.spyOn(performance, 'now').mockReturnValue(later);
  await each();
  expect(looked()).toEqual(['unheard']);
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
  const onError = (error: unknown): void => void errors.push(error);
  const tenants = new HeardTenants(NEVER_MS, failing, onError, () => undefined);
  tenants.hear('loud');
  const looked: string[] = [];
  await tenants.begin(async (tenant) => void looked.push(tenant));
  expect([looked, errors]).toEqual([['loud'], [new Error('too slow')]]);
});

test('a long round holds up no other tenant; what is heard of its own meanwhile is looked at once more, after it', async () => {
  const { tenants, woken } = heardTenants();
  const long = Promise.withResolvers<void>();
  const looked: string[] = [];
  const work = async (tenant: string): Promise<void> => {
    looked.push(tenant);
    if (tenant === 'long' && looked.length === 1) await long.promise;
  };
  tenants.hear('long');
  await tenants.begin(work);
  tenants.hear('long');
  tenants.hear('other');
  await tenants.begin(work);
  expect([looked, woken()]).toEqual([['long', 'other'], 0]);
  long.resolve();
  await tenants.idle();
  expect(woken()).toBe(1);
  await tenants.begin(work);
  expect(looked).toEqual(['long', 'other', 'long']);
});

test('only so many rounds run at once; whoever waits for room is looked at when there is some', async () => {
  const { tenants, woken } = heardTenants();
  const ends: (() => void)[] = [];
  const looked: string[] = [];
  const work = async (tenant: string): Promise<void> => {
    looked.push(tenant);
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.push(resolve);
    await promise;
  };
  const names = Array.from({ length: 9 }, (_, index) => `t${index}`);
  for (const name of names) tenants.hear(name);
  await tenants.begin(work);
  expect(looked).toEqual(names.slice(0, 8));
  ends[0]?.();
  await eventually(woken, (count) => count === 1);
  await tenants.begin(work);
  expect(looked).toEqual(names);
  for (const end of ends) end();
  await tenants.idle();
});
