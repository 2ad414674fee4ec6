import { afterAll, expect, test } from '@jest/globals';
import type { Settings } from '@parley/contracts/settings';
import { eventually } from '../../../test/parts/eventually.js';
import { AgentRow } from '../src/capacity/agent.entity.js';
import { tellRoom } from '../src/capacity/activity.js';
import { Leases } from '../src/capacity/leases.js';
import { heldBy } from '../src/capacity/ledger.js';
import { PausedLeases, settlePausedLease } from '../src/capacity/paused-leases.js';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { DeskChangeRow } from '../src/desk/desk-change.entity.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { HEARD } from '../src/parts.js';
import { openInboxDatabase } from './database.js';
import { storedRow } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
const settings = { PUBLIC_URL: 'http://localhost' } as Settings;
const paused = new PausedLeases(new Leases(database, settings, new ConfigurationStore(database)));
const shown = async (): Promise<unknown[]> => {
  const rows = await database.inTenant(tenant, (em) =>
    em.find(DeskChangeRow, { tenant }, { disableIdentityMap: true }),
  );
  return rows.map(({ kind, agents }) => [kind, agents]);
};

test('room for a paused conversation is seen on the desk when it is taken and given back, and the router hears of the latter', async () => {
  const room = { status: 'online', accepts: 'automatic', messagingLimit: 1, emailLimit: 5 } as const;
  await database.inTenant(tenant, (em) => em.insert(AgentRow, { tenant, id: 'anna', ...room }));
  const heard: (string | null)[] = [];
  database.listen(HEARD.router, (word) => void heard.push(word));
  await eventually(
    () => heard,
    (words) => words.includes(null),
  );
  const wanted = { conversationId: 'cnv_1', episode: 1, agentId: 'anna' };
  expect(await paused.take(tenant, wanted, 'm1')).toEqual({ granted: 'msg:m1' });
  expect(await shown()).toEqual([['capacity', ['anna']]]);
  expect(await paused.take(tenant, { ...wanted, conversationId: 'cnv_2' }, 'm2')).toEqual({ refused: 'CAPACITY_FULL' });
  expect(heard).toEqual([null]);
  await database.inTenant(tenant, async (em) =>
    tellRoom(em, settings.PUBLIC_URL, tenant, await settlePausedLease(em, tenant, 'm1', undefined)),
  );
  expect(await shown()).toEqual([
    ['capacity', ['anna']],
    ['capacity', ['anna']],
  ]);
  await eventually(
    () => heard,
    (words) => words.includes(tenant),
  );
});

test('a stray place goes back once the message is decided, and stays while it waits or where it is in use', async () => {
  const room = { status: 'online', accepts: 'automatic', messagingLimit: 5, emailLimit: 5 } as const;
  await database.inTenant(tenant, (em) => em.insert(AgentRow, { tenant, id: 'bert', ...room }));
  const of = (conversationId: string) => ({ conversationId, episode: 1, agentId: 'bert' });
  const key = (conversationId: string, id: string) => ({
    ...{ tenant, conversationId, episode: 1, requestId: `msg:${id}` },
  });
  const held = (): Promise<number> => database.inTenant(tenant, (em) => heldBy(em, tenant, 'bert'));
  await database.inTenant(tenant, (em) => em.insert(MessageRow, storedRow(tenant, 'th_waits', 1, 'm-waits')));
  await paused.take(tenant, of('cnv_waits'), 'm-waits');
  await paused.giveBackStray(key('cnv_waits', 'm-waits'));
  await paused.take(tenant, of('cnv_used'), 'm-used');
  await database.inTenant(tenant, (em) => settlePausedLease(em, tenant, 'm-used', { sequence: 4 }));
  await paused.giveBackStray(key('cnv_used', 'm-used'));
  await paused.take(tenant, of('cnv_decided'), 'm-decided');
  expect(await held()).toBe(3);
  await paused.giveBackStray(key('cnv_decided', 'm-decided'));
  expect(await held()).toBe(2);
});
