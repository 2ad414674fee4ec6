import { afterAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../test/parts/eventually.js';
import { type Claim, ClaimLost, Claims, restMs } from '../src/dispatch/claims.js';
import type { InHand } from '../src/dispatch/in-hand.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { lockThread } from '../src/dispatch/thread-order.js';
import { openInboxDatabase } from './database.js';
import { storedRow } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
let threads = 0;
const newThread = (): string => `th_${String(++threads).padStart(22, '0')}`;
async function stored(threadId: string, ...ids: string[]): Promise<void> {
  for (const id of ids)
    await database.inTenant(tenant, async (em) => {
      const position = await lockThread(em, { tenant, threadId, channelAccount: 'whatsapp', contactId: 'ct_1' });
      await em.insert(MessageRow, storedRow(tenant, threadId, position, id));
    });
}
async function claimed(claims: Claims, threadId: string): Promise<{ claim: Claim; inHand: InHand }> {
  const found = (await claims.claim(50)).taken.find(({ claim }) => claim.threadId === threadId);
  if (!found) throw new Error('not claimed');
  return found;
}
/** As if the process that holds it had stood still for longer than its claim. */
const runOut = (threadId: string) =>
  database.acrossTenants((em) =>
    em.execute(`update thread set leased_until = now() - interval '1 s' where id = ?`, [threadId]),
  );
const stateOf = async (id: string) =>
  (await database.inTenant(tenant, (em) => em.findOneOrFail(MessageRow, { tenant, id }, { disableIdentityMap: true })))
    .state;
const waitingForLocks = async (): Promise<number> => {
  const rows = await database.acrossTenants((em) =>
    em.execute<unknown[]>(`select pid from pg_stat_activity where wait_event_type = 'Lock'`),
  );
  return rows.length;
};

describe('claims of threads', () => {
  test('a thread has one dispatcher at a time, however many look', async () => {
    const names = [newThread(), newThread(), newThread()];
    for (const name of names) await stored(name, `m-${name}`);
    const all = await Promise.all(Array.from({ length: 6 }, () => new Claims(database).claim(2)));
    const found = all.flatMap(({ taken }) => taken).map(({ claim }) => claim.threadId);
    expect(found.toSorted()).toEqual(names.toSorted());
  });

  test('in the order in which they were taken', async () => {
    const [claims, thread] = [new Claims(database), newThread()];
    await stored(thread, 'first', 'second');
    const { claim, inHand } = await claimed(claims, thread);
    expect(inHand).toMatchObject({ message: { id: 'first' }, hasPast: false });
    expect(await stateOf('first')).toBe('handed');
    expect(await stateOf('second')).toBe('stored');
    const next = await database.inTenant(tenant, async (em) => {
      await em.nativeUpdate(MessageRow, { tenant, id: 'first' }, { state: 'placed' });
      return claims.nextIn(em, claim, new Date(), true);
    });
    expect(next).toMatchObject({ message: { id: 'second', wasHanded: false }, hasPast: true });
  });

  test('a dispatcher that was frozen writes nothing once another has the thread', async () => {
    const [frozen, other, thread] = [new Claims(database), new Claims(database), newThread()];
    await stored(thread, 'theirs');
    const { claim: old } = await claimed(frozen, thread);
    await runOut(thread);
    const { claim: now, inHand } = await claimed(other, thread);
    expect([now.epoch, inHand.message.id, inHand.message.wasHanded]).toEqual([old.epoch + 1, 'theirs', true]);
    await expect(database.inTenant(tenant, (em) => frozen.proveMoved(em, old))).rejects.toThrow(ClaimLost);
    await expect(frozen.renew(old)).rejects.toThrow('Another dispatcher has');
  });

  test('only what is in hand is kept: a claim that nobody serves any more runs out', async () => {
    const [claims, kept, forgotten] = [new Claims(database), newThread(), newThread()];
    await stored(kept, 'kept');
    await stored(forgotten, 'forgotten');
    const { taken } = await claims.claim(50);
    const soon = `update thread set leased_until = now() + interval '1 s' where tenant = ?`;
    await database.acrossTenants((em) => em.execute(soon, [tenant]));
    await claims.keepAll(taken.filter(({ claim }) => claim.threadId === kept).map(({ claim }) => claim));
    const rows = await database.acrossTenants((em) =>
      em.execute<{ id: string }[]>(`select id from thread where leased_until > now() + interval '2 s'`),
    );
    expect(rows).toEqual([{ id: kept }]);
  });

  test('what surely was not sent may be withdrawn again; what may have been sent may not', async () => {
    const [claims, thread] = [new Claims(database), newThread()];
    await stored(thread, 'unsent');
    await database.acrossTenants((em) => em.execute(`update message set author = 'agent' where id = 'unsent'`));
    const { claim, inHand } = await claimed(claims, thread);
    await claims.putBack(claim, inHand.message, { why: 'away', soon: false, wasSent: false });
    expect(await stateOf('unsent')).toBe('stored');
    await database.acrossTenants((em) =>
      em.execute('update thread set next_attempt_at = now() where id = ?', [thread]),
    );
    const again = await claimed(claims, thread);
    await claims.putBack(again.claim, again.inHand.message, { why: 'no answer', soon: false, wasSent: true });
    expect(await stateOf('unsent')).toBe('handed');
  });

  test('one that is being withdrawn at this moment is never taken', async () => {
    const [claims, thread] = [new Claims(database), newThread()];
    await stored(thread, 'withdrawn');
    const [marked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const withdrawing = database.inTenant(tenant, async (em) => {
      await em.nativeUpdate(MessageRow, { tenant, id: 'withdrawn', state: 'stored' }, { state: 'withdrawn' });
      marked.resolve();
      await held.promise;
    });
    await marked.promise;
    const claiming = claims.claim(50);
    await eventually(waitingForLocks, (count) => count > 0);
    held.resolve();
    await withdrawing;
    expect(await claiming).toEqual({ taken: [], isFull: false });
    expect(await stateOf('withdrawn')).toBe('withdrawn');
  });

  test('an agent’s message whose request died is withdrawn when its turn comes; what others said is sent however late', async () => {
    const [claims, thread] = [new Claims(database), newThread()];
    const [left, again, foreign, young] = [`${thread}-1`, `${thread}-2`, `${thread}-3`, `${thread}-4`];
    await stored(thread, 'held', left, again, foreign, young);
    await database.acrossTenants(async (em) => {
      const late = `update message set accepted_at = now() - interval '11 s' where thread_id = ? and id <> ?`;
      await em.execute(late, [thread, young]);
      const agents = `update message set author = 'agent', source_key = case when id = ? then null else id end
        where thread_id = ? and id <> 'held'`;
      await em.execute(agents, [foreign, thread]);
    });
    const { claim, inHand } = await claimed(claims, thread);
    expect(inHand.message.id).toBe('held');
    const goOn = (placed: string) =>
      database.inTenant(tenant, async (em) => {
        await em.nativeUpdate(MessageRow, { tenant, id: placed }, { state: 'placed' });
        return (await claims.nextIn(em, claim, new Date(), true))?.message.id;
      });
    expect(await goOn('held')).toBe(foreign);
    expect(await goOn(foreign)).toBe(young);
    expect(await Promise.all([left, again, foreign, young].map(stateOf))).toEqual([
      'withdrawn',
      'withdrawn',
      'placed',
      'handed',
    ]);
  });

  test('an agent’s message that may have been sent is not withdrawn, however late', async () => {
    const [claims, thread] = [new Claims(database), newThread()];
    await stored(thread, 'maybe');
    await database.acrossTenants((em) =>
      em.execute(`update message set author = 'agent', source_key = id where id = 'maybe'`),
    );
    await claimed(claims, thread);
    await runOut(thread);
    await database.acrossTenants((em) =>
      em.execute(`update message set accepted_at = now() - interval '1 h' where id = 'maybe'`),
    );
    expect((await claimed(claims, thread)).inHand.message).toMatchObject({ id: 'maybe', wasHanded: true });
  });

  test('a thread that is let go between two messages waits behind those that wait already', async () => {
    const [claims, busy, other] = [new Claims(database), newThread(), newThread()];
    await stored(busy, 'busy-1', 'busy-2');
    const { claim } = await claimed(claims, busy);
    await stored(other, 'other-1');
    await database.inTenant(tenant, async (em) => {
      await em.nativeUpdate(MessageRow, { tenant, id: 'busy-1' }, { state: 'placed' });
      await claims.letGo(em, claim);
    });
    const next = async () => (await claims.claim(1)).taken.map(({ inHand }) => inHand.message.id);
    expect([await next(), await next()]).toEqual([['other-1'], ['busy-2']]);
  });

  test('a thread without more is let go, and the next message makes it wait again', async () => {
    const [claims, thread] = [new Claims(database), newThread()];
    await stored(thread, 'only');
    const { claim } = await claimed(claims, thread);
    const next = await database.inTenant(tenant, async (em) => {
      await em.nativeUpdate(MessageRow, { tenant, id: 'only' }, { state: 'refused' });
      return claims.nextIn(em, claim, new Date(), false);
    });
    expect(next).toBeUndefined();
    expect((await claims.claim(50)).taken).toEqual([]);
    await stored(thread, 'more');
    expect((await claimed(claims, thread)).inHand.message.id).toBe('more');
  });
});

test('a held thread is tried less and less often, at least every 5 s', () => {
  expect([0, 1, 2, 3, 20].map((attempts) => restMs(attempts, false))).toEqual([250, 500, 1000, 2000, 5000]);
  expect(restMs(0, true)).toBe(50);
});
