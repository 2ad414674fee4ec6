import { afterAll, expect, test } from '@jest/globals';
import { InboxActivityList } from '../src/activities/inbox.activities.js';
import type { Archive } from '../src/archive/archive.store.js';
import type { Leases } from '../src/capacity/leases.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { lockThread } from '../src/dispatch/thread-order.js';
import type { ForeignMessages } from '../src/foreign-messages/foreign-messages.js';
import { openInboxDatabase } from './database.js';
import { storedRow } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
const threadId = 'th_0000000000000000000001';
const { activities } = new InboxActivityList(database, {} as Archive, {} as ForeignMessages, {} as Leases);
const waits = (acceptedBefore: string) => activities.messageWaits({ tenant, threadId, acceptedBefore });
/** By the clock that gives messages their instants. */
async function fromNow(ms: number): Promise<string> {
  const [row] = await database.acrossTenants((em) => em.execute<{ now: Date }[]>('select clock_timestamp() as now'));
  return new Date(new Date(row?.now ?? NaN).getTime() + ms).toISOString();
}
const stored = (id: string, acceptedAt: string) =>
  database.inTenant(tenant, async (em) => {
    const position = await lockThread(em, { tenant, threadId, channelAccount: 'whatsapp', contactId: 'ct_1' });
    const row = { ...storedRow(tenant, threadId, position, id), acceptedAt: new Date(acceptedAt) };
    await em.insert(MessageRow, row);
  });

test('X2: an instant that the database’s clock has not reached is not over: a message may still come before it', async () => {
  expect(await waits(await fromNow(-1))).toBe(false);
  expect(await waits(await fromNow(60_000))).toBe(true);
});

test('X2: a stored message waits for what comes after its instant, not for what came before it', async () => {
  const acceptedAt = await fromNow(-60_000);
  await stored('msg_1', acceptedAt);
  expect(await waits(await fromNow(-1))).toBe(true);
  expect(await waits(acceptedAt)).toBe(false);
});

test('X2: an acceptance that is under way is waited for', async () => {
  const under = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const accepting = database.inTenant(tenant, async (em) => {
    const position = await lockThread(em, { tenant, threadId, channelAccount: 'whatsapp', contactId: 'ct_1' });
    const row = { ...storedRow(tenant, threadId, position, 'msg_2'), acceptedAt: new Date(await fromNow(-120_000)) };
    await em.insert(MessageRow, row);
    locked.resolve();
    await under.promise;
  });
  await locked.promise;
  const before = await fromNow(-90_000);
  const answer = waits(before);
  under.resolve();
  await accepting;
  expect(await answer).toBe(true);
});
