import { afterAll, afterEach, expect, test } from '@jest/globals';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { createLog } from '@parley/service/log';
import { Shutdown } from '@parley/service/shutdown';
import { eventually } from '../../../test/parts/eventually.js';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { SpotTags } from '../src/configuration/spot-tags.js';
import { openInboxDatabase } from './database.js';

const { database, close } = await openInboxDatabase();
afterAll(close);
const log = createLog('inbox', 'silent');
const configuration = new ConfigurationStore(database);
const running: Shutdown[] = [];
afterEach(async () => {
  for (const shutdown of running.splice(0)) await shutdown.runStage('workers');
});

const spotTags = (of: Database, shutdown = new Shutdown(log)): SpotTags =>
  new SpotTags(of, { PUBLIC_URL: 'http://localhost' } as Settings, log, configuration, shutdown);
const tag = (id: string) => ({ id, name: id.toUpperCase() });
const nameOf = async (tenant: string, id: string): Promise<string> => (await configuration.of(tenant)).tagName(id);
const waitingForLocks = async (): Promise<number> => {
  const rows = await database.acrossTenants((em) =>
    em.execute<unknown[]>(`select pid from pg_stat_activity where wait_event_type = 'Lock'`),
  );
  return rows.length;
};

test('B4: two who name the same new tags crosswise do not wait for each other', async () => {
  const tags = spotTags(database);
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const blocking = database.inTenant('crosswise', async (em) => {
    await em.execute(`insert into configuration (tenant, kind, key, version, value)
      values ('crosswise', 'spot-tag', 'a', 1, '{"id": "a", "name": "First"}')`);
    begun.resolve();
    await held.promise;
  });
  await begun.promise;
  const both = tags.make('crosswise', [tag('b'), tag('a')]);
  await eventually(waitingForLocks, (count) => count > 0);
  // It waits for the first in order, and holds none of the others meanwhile.
  await tags.make('crosswise', [{ id: 'b', name: 'Quicker' }]);
  held.resolve();
  await Promise.all([blocking, both]);
  expect([await nameOf('crosswise', 'a'), await nameOf('crosswise', 'b')]).toEqual(['First', 'Quicker']);
});

test('B4: a tag that could not be made is made as soon as it can be', async () => {
  let isAway = true;
  const flaky = {
    inTenant: (...args: Parameters<Database['inTenant']>) =>
      isAway ? Promise.reject(new Error('away')) : database.inTenant(...args),
  } as Database;
  const shutdown = new Shutdown(log);
  running.push(shutdown);
  const tags = spotTags(flaky, shutdown);
  await expect(tags.make('owed', [tag('late')])).rejects.toThrow('away');
  await expect(tags.make('owed', [tag('later')])).rejects.toThrow('away');
  isAway = false;
  tags.onApplicationBootstrap();
  await eventually(
    () => nameOf('owed', 'later'),
    (name) => name === 'LATER',
  );
  expect(await nameOf('owed', 'late')).toBe('LATE');
});
