import { afterAll, expect, test } from '@jest/globals';
import { EVERYBODY, Turns } from '../src/turns.js';
import { openInboxDatabase } from './database.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const [one, other] = [new Turns(database), new Turns(database)];
let names = 0;
const newTurn = (): string => `turn-${++names}`;
/** As if its time had passed. */
const runOut = (name: string): Promise<unknown> =>
  database.acrossTenants((em) =>
    em.execute(`update turn set held_until = now() - interval '1 ms' where name = ?`, [name]),
  );

test('one at a time, however many ask', async () => {
  const name = newTurn();
  const all = await Promise.all(Array.from({ length: 8 }, () => new Turns(database).take('demo', name, 20)));
  expect(all.filter(Boolean)).toEqual([true]);
});

test('its holder keeps it, who gives it up lets the next one in, and nobody gives up another’s', async () => {
  const name = newTurn();
  expect([await one.take('demo', name, 20), await one.take('demo', name, 20)]).toEqual([true, true]);
  await other.giveUp('demo', name);
  expect(await other.take('demo', name, 20)).toBe(false);
  await one.giveUp('demo', name);
  expect([await other.take('demo', name, 20), await one.take('demo', name, 20)]).toEqual([true, false]);
});

test('one whose holder was killed is free when its time is over, and not before; a holder that thaws has lost it', async () => {
  const name = newTurn();
  await one.take('demo', name, 20);
  expect(await other.take('demo', name, 20)).toBe(false);
  await runOut(name);
  expect(await other.take('demo', name, 20)).toBe(true);
  expect(await one.take('demo', name, 20)).toBe(false);
  await one.giveUp('demo', name);
  expect(await one.take('demo', name, 20)).toBe(false);
});

test('tenants and names do not meet; everybody’s is one', async () => {
  const name = newTurn();
  const taken = [
    await one.take('demo', name, 20),
    await other.take('other', name, 20),
    await other.take('demo', newTurn(), 20),
    await one.take(EVERYBODY, name, 20),
    await other.take(EVERYBODY, name, 20),
  ];
  expect(taken).toEqual([true, true, true, true, false]);
});
