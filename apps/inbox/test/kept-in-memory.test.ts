import { afterEach, expect, jest, test } from '@jest/globals';
import type { Database } from '@parley/persistence/database';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { OnlineAgents } from '../src/presence/online-agents.js';

afterEach(() => void jest.restoreAllMocks());

/** Empty; counts how often it is read. */
function readDatabase() {
  const counted = { reads: 0 };
  const rows = async (): Promise<unknown[]> => [];
  const database = {
    listen: () => undefined,
    statements: () => ((counted.reads += 1), { execute: rows }),
    inTenant: (_tenant: string, work: (em: unknown) => unknown) => ((counted.reads += 1), work({ find: rows })),
  };
  return { counted, database: database as unknown as Database };
}

test.each([
  ['who is online', (database: Database) => new OnlineAgents(database), 5_000],
  ['the configuration', (database: Database) => new ConfigurationStore(database), 10_000],
])('F16: %s is read again in time, however the wall clock is set', async (_what, made, trustedMs) => {
  const { counted, database } = readDatabase();
  const kept = made(database);
  await kept.of('demo');
  jest.spyOn(Date, 'now').mockReturnValue(Number.MAX_SAFE_INTEGER);
  await kept.of('demo');
  expect(counted.reads).toBe(1);
  const later = performance.now() + trustedMs;
  jest.spyOn(Date, 'now').mockReturnValue(0);
  jest.spyOn(performance, 'now').mockReturnValue(later);
  await kept.of('demo');
  expect(counted.reads).toBe(2);
});
