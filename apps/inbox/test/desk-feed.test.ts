import { afterAll, afterEach, expect, test } from '@jest/globals';
import type { Database } from '@parley/persistence/database';
import { createLog } from '@parley/service/log';
import { Shutdown } from '@parley/service/shutdown';
import type { StreamEvent } from '@parley/service/sse';
import { eventually } from '../../../test/parts/eventually.js';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { DeskFeed } from '../src/desk/desk.feed.js';
import { showCapacity } from '../src/desk/desk-changes.js';
import { DeskSequence } from '../src/desk/desk-sequence.js';
import { openInboxDatabase } from './database.js';
import { agent } from './lived.js';

const { database, close } = await openInboxDatabase();
const log = createLog('inbox', 'silent');
const shutdown = new Shutdown(log);
new DeskSequence(database, log, shutdown).onApplicationBootstrap();
const subscriptions: (() => void)[] = [];
afterEach(() => subscriptions.splice(0).forEach((stop) => stop()));
afterAll(async () => {
  await shutdown.runStage('workers');
  await close();
});

const tenant = 'demo';
const changed = async (): Promise<void> => {
  const before = await newest();
  await database.inTenant(tenant, (em) => showCapacity(em, tenant, ['anna']));
  await eventually(newest, (position) => position > before);
};
const newest = async (): Promise<number> => {
  const [row] = await database.inTenant(tenant, (em) =>
    em.execute<{ position: string }[]>('select coalesce(max(position), 0) as position from desk_change'),
  );
  return Number(row?.position);
};

/** A screen on a replica of its own, whose database may be away. */
function screen() {
  const replica = { isAway: false, failures: 0 };
  const faulty: Database = {
    ...{ service: database.service, url: database.url, ping: () => database.ping(), close: () => database.close() },
    acrossTenants: (work) => database.acrossTenants(work),
    statements: (name) => database.statements(name),
    statementsAcross: () => database.statementsAcross(),
    listen: (channel, callback) => database.listen(channel, callback),
    inTenant: (name, work) => {
      if (!replica.isAway) return database.inTenant(name, work);
      replica.failures += 1;
      return Promise.reject(new Error('away'));
    },
  };
  const feed = new DeskFeed(faulty, log, new ConfigurationStore(database));
  const source = feed.sourceFor(tenant, agent('anna'));
  const heard: StreamEvent[] = [];
  subscriptions.push(source.subscribe((event) => heard.push(event)));
  const told = (): number[] => heard.map(({ id }) => Number(id));
  return { source, replica, told };
}

test('a first read that fails loses nothing: what comes after `ready` is told', async () => {
  await changed();
  const { source, replica, told } = screen();
  replica.isAway = true;
  await expect(source.position()).rejects.toThrow('away');
  replica.isAway = false;
  const ready = Number(await source.position());
  expect(ready).toBe(await newest());
  await changed();
  await eventually(told, (ids) => ids.includes(ready + 1));
  expect(told()).toEqual([ready + 1]);
});

test('one that comes back gets the changes since, and each that follows', async () => {
  await changed();
  const last = await newest();
  const { source, replica, told } = screen();
  replica.isAway = true;
  await changed();
  await expect(source.replay(String(last))).rejects.toThrow('away');
  replica.isAway = false;
  const missed = await source.replay(String(last));
  expect(missed).toMatchObject([{ id: String(last + 1), event: 'capacity' }]);
  await changed();
  await eventually(told, (ids) => ids.includes(last + 2));
});

test('a read that fails later is made up for, though nothing more moves', async () => {
  const { source, replica, told } = screen();
  const ready = Number(await source.position());
  replica.isAway = true;
  await changed();
  await eventually(
    () => replica.failures,
    (failures) => failures > 0,
  );
  expect(told()).toEqual([]);
  replica.isAway = false;
  await eventually(told, (ids) => ids.includes(ready + 1));
});
