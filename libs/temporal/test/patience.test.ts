import { afterEach, expect, jest, test } from '@jest/globals';
import type { TemporalConnection } from '../src/connection.js';
import { patiently } from '../src/patience.js';

afterEach(() => void jest.restoreAllMocks());

const wallClock = Date.now.bind(Date);
const HOUR_MS = 3_600_000;
const goneAway = Object.assign(new Error('14'), { code: 14, details: 'Connection dropped', metadata: {} });

test.each([
  ['an hour on', HOUR_MS],
  ['an hour back', -HOUR_MS],
])('F16: a wall clock that is set %s neither ends nor prolongs the patience', async (_which, jumpMs) => {
  const connection = { isReadyWithin: async () => true, withDeadline: (_: unknown, call: () => unknown) => call() };
  let calls = 0;
  const call = async (): Promise<never> => {
    calls += 1;
    jest.spyOn(Date, 'now').mockImplementation(() => wallClock() + jumpMs);
    throw goneAway;
  };
  const startedAt = performance.now();
  const reply = await patiently(connection as unknown as TemporalConnection, wallClock() + 400, call);
  expect(reply).toMatchObject({ kind: 'unknown-outcome', why: 'Connection dropped' });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(calls).toBeGreaterThan(1);
});
