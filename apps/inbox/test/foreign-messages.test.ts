import { afterAll, expect, test } from '@jest/globals';
import { foreignMessageIdOf } from '@parley/contracts/identifiers';
import type { ForeignMessage } from '@parley/contracts/protocol';
import { nextToPublish } from '../src/dispatch/message-publisher.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { saidOf } from '../src/dispatch/said.js';
import { lockThread } from '../src/dispatch/thread-order.js';
import { ForeignMessages } from '../src/foreign-messages/foreign-messages.js';
import { openInboxDatabase } from './database.js';

const { database, close } = await openInboxDatabase();
afterAll(close);
const foreign = new ForeignMessages(database);

const tenant = 'demo';
const at = '2026-11-21T10:00:00.000Z';
const conversationOf = (threadId: string): string => `cnv_${threadId.slice(-22)}123456789abc1`;
let threads = 0;
async function newThread(): Promise<string> {
  const threadId = `th_${String(++threads).padStart(22, '0')}`;
  const name = { tenant, threadId, channelAccount: 'whatsapp', contactId: 'ct_1' };
  await database.inTenant(tenant, (em) => lockThread(em, name));
  return threadId;
}
const said = (threadId: string, messageId: string, messageNumber?: number): ForeignMessage => {
  const place = { messageId, conversationId: conversationOf(threadId), afterSequence: 2, decidedAt: at };
  const placed = messageNumber === undefined ? null : { ...place, messageNumber };
  return { tenant, threadId, messageId, author: 'visitor', agentId: null, at, placed };
};
const rowsOf = (threadId: string) =>
  database.inTenant(tenant, (em) => em.find(MessageRow, { threadId }, { orderBy: { position: 'asc' } }));
const numbersOf = async (threadId: string) => (await rowsOf(threadId)).map((row) => row.messageNumber ?? null);

test('X3: two chats whose messages another system numbers from 1 each have their own, and both are published', async () => {
  const [a, b] = [await newThread(), await newThread()];
  for (const one of [said(a, '1', 1), said(b, '1', 1), said(b, '1', 1)]) await foreign.record(one);
  const next = await database.acrossTenants((em) => nextToPublish(em, 10));
  const published = next
    .flatMap(saidOf)
    .map(({ threadid, messageId, messageNumber }) => [threadid, messageId, messageNumber]);
  expect(published.sort()).toEqual([
    [a, '1', 1],
    [b, '1', 1],
  ]);
});

test('one that the run had forgotten and counted once more leaves no hole', async () => {
  const thread = await newThread();
  const all = [said(thread, '1', 1), said(thread, '2', 2), said(thread, '1', 3), said(thread, '1', 3)];
  for (const one of all) await foreign.record(one);
  expect(await numbersOf(thread)).toEqual([1, 2, 3]);
  await foreign.record(said(thread, '1'));
  expect(await numbersOf(thread)).toEqual([1, 2, 3]);
});

test('one that waits for the dispatcher gets no second row when its run places it after all', async () => {
  const thread = await newThread();
  for (const one of [said(thread, '1'), said(thread, '1'), said(thread, '1', 1)]) await foreign.record(one);
  expect((await rowsOf(thread)).map(({ id, state }) => [id, state])).toEqual([
    [foreignMessageIdOf(thread, '1'), 'stored'],
  ]);
});
