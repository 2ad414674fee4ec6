import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, agentsReady, newContact, send } from '../end-to-end/actors.ts';
import { LogFollower } from '../end-to-end/log.ts';
import { as, at, field, textAt, verdict } from '../end-to-end/stack.ts';
import { faultsOf, livesOf, threadFaults } from './check.ts';
import { order, ready } from './control.ts';

const log = new LogFollower();
let second = '';

beforeAll(async () => {
  log.start();
  await agentsReady('agent-1');
  const response = await fetch(`${at('control')}/services/inbox/second`, { method: 'POST' });
  second = textAt(await response.json(), 'url');
});
afterAll(async () => {
  await fetch(`${at('control')}/services/inbox/second`, { method: 'DELETE' });
  await log.stop();
});

/** A visitor's message through one of the two inboxes; it may be frozen, so nobody waits for its answer for ever. */
async function writesThrough(inbox: string, contact: string, text: string): Promise<string> {
  const answer = await as('integration-1').send('POST', `${inbox}/inbox/v1/channels/site/messages`, {
    id: `m-${randomUUID()}`,
    contact: { id: contact },
    text,
  });
  return textAt(answer.body, 'messageId');
}

const placeIn = (inbox: string, messageId: string): Promise<string> =>
  until(`a place for ${messageId}`, async () => {
    const answer = await as('integration-1').send(
      'GET',
      `${inbox}/inbox/v1/channels/site/messages/${messageId}?waitMs=2000`,
    );
    const found = field(answer.body, 'conversationId');
    return typeof found === 'string' ? found : undefined;
  });

/** Each of these messages is in the log in exactly the conversation that inbox's table says, and every life is whole. */
async function eachHasOneHome(places: Map<string, string>): Promise<void> {
  const lives = await until(
    'all messages in the log',
    async () => {
      const found = livesOf(log.records);
      const ids = new Set([...found.values()].flatMap(({ messages }) => messages.map(({ messageId }) => messageId)));
      return [...places.keys()].every((id) => ids.has(id)) ? found : undefined;
    },
    60_000,
  );
  const homes = [...lives.values()].flatMap(({ conversationId, messages }) =>
    messages.map(({ messageId }) => [messageId, conversationId] as const),
  );
  const mine = homes.filter(([messageId]) => places.has(messageId));
  expect(mine.length).toBe(places.size);
  expect(mine.filter(([messageId, conversationId]) => places.get(messageId) !== conversationId)).toEqual([]);
  expect(
    [...new Set(places.values())].flatMap((id) =>
      faultsOf(lives.get(id) ?? { conversationId: id, events: [], messages: [] }),
    ),
  ).toEqual([]);
  expect(threadFaults(lives)).toEqual([]);
}

test('X1: two dispatchers at work: every message once, in the order in which it was taken', async () => {
  const contacts = Array.from({ length: 8 }, () => newContact('two'));
  const places = new Map<string, string>();
  const orders = await Promise.all(
    contacts.map(async (contact) => {
      const ids: string[] = [];
      for (let n = 0; n < 10; n += 1)
        ids.push(await writesThrough(n % 2 === 0 ? at('inbox') : second, contact, `number ${n}`));
      for (const id of ids) places.set(id, await placeIn(second, id));
      return ids;
    }),
  );
  await eachHasOneHome(places);
  const lives = livesOf(log.records);
  for (const ids of orders) {
    const messages = [...(lives.get(places.get(ids[0] ?? '') ?? '')?.messages ?? [])].sort(
      (a, b) => a.messageNumber - b.messageNumber,
    );
    expect(messages.map(({ messageId }) => messageId)).toEqual(ids);
  }
}, 180_000);

test('X1: an inbox that was frozen in the middle and thaws starts nothing and misplaces nothing', async () => {
  const contacts = Array.from({ length: 12 }, () => newContact('frozen'));
  const taken = await Promise.all(contacts.map((contact) => writesThrough(at('inbox'), contact, 'before the frost')));
  await order('inbox', 'freeze');
  const frozenAt = Date.now();
  const places = new Map<string, string>();
  const tookMs = await Promise.all(
    taken.map(async (id) => {
      places.set(id, await placeIn(second, id));
      return Date.now() - frozenAt;
    }),
  );
  // The frost met messages in hand: they wait until the frozen one's claim has run out.
  expect(Math.max(...tookMs)).toBeGreaterThan(3000);
  for (const id of new Set(places.values()))
    expect(verdict(await send('manager-1', admin(id, 'close')))).toBe('200 closed');
  for (const contact of contacts) {
    const id = await writesThrough(second, contact, 'after the end');
    places.set(id, await placeIn(second, id));
  }
  await wait(10_000);
  await order('inbox', 'thaw');
  await ready('inbox');
  const after = await Promise.all(contacts.map((contact) => writesThrough(at('inbox'), contact, 'after the thaw')));
  for (const id of after) places.set(id, await placeIn(second, id));
  await eachHasOneHome(places);
  expect(new Set(places.values()).size).toBe(24);
}, 180_000);
