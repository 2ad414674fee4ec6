import { afterAll, expect, test } from '@jest/globals';
import { Metrics } from '@parley/service/metrics';
import { DispatchMetrics } from '../src/dispatch/dispatch.metrics.js';
import { nextToPublish } from '../src/dispatch/message-publisher.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { openInboxDatabase } from './database.js';
import { storedRow } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
const [A, B] = ['th_aaaaaaaaaaaaaaaaaaaaaa', 'th_bbbbbbbbbbbbbbbbbbbbbb'];
const START = Date.parse('2026-11-21T12:00:00.000Z');
let position = 0;

/** A message that got its place `decidedS` seconds after the start. */
const place = (threadId: string, conversationId: string, messageNumber: number, decidedS: number) =>
  database.inTenant(tenant, async (em) => {
    position += 1;
    const decidedAt = new Date(START + 1000 * decidedS);
    const placed = { state: 'placed' as const, conversationId, messageNumber, decidedAt, afterSequence: 2 };
    const id = `${conversationId}-${messageNumber}`;
    await em.insert(MessageRow, { ...storedRow(tenant, threadId, position, id), ...placed });
  });
const next = async (limit = 10): Promise<string[]> =>
  (await nextToPublish(database.statementsAcross(), limit)).map(({ id }) => id);
const published = (...ids: string[]) =>
  database.acrossTenants((em) => em.nativeUpdate(MessageRow, { id: { $in: ids } }, { state: 'published' }));

test('messages leave in the order of their thread; a missing one holds up its own thread and no other', async () => {
  await place(A, 'a', 1, 1);
  await place(A, 'a', 3, 3);
  await place(A, 'a-after', 1, 4);
  await place(B, 'b', 1, 5);
  await place(B, 'b', 2, 6);
  expect(await next()).toEqual(['a-1', 'b-1']);
  expect(await next(1)).toEqual(['a-1']);
  await published('a-1', 'b-1');
  expect(await next(1)).toEqual(['b-2']);
  await published('b-2');
  expect(await next()).toEqual([]);
  await place(A, 'a', 2, 2);
  expect(await next()).toEqual(['a-2']);
  await published('a-2');
  expect(await next()).toEqual(['a-3']);
  await published('a-3');
  expect(await next()).toEqual(['a-after-1']);
});

test('what Kafka has not heard of is counted, and what waits too long for the one before it is an alarm', async () => {
  const metrics = new DispatchMetrics(database, new Metrics('inbox'));
  const before = await metrics.unpublished();
  await place(A, 'a-alarm', 2, 10);
  await place(B, 'b-fresh', 1, (Date.now() - START) / 1000);
  expect(await metrics.unpublished()).toEqual({ waiting: before.waiting + 2, held: before.held + 1 });
});
