import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, agentsReady, conversationIn, newContact, say, send, writes } from '../end-to-end/actors.ts';
import { LogFollower } from '../end-to-end/log.ts';
import { as, field, verdict } from '../end-to-end/stack.ts';
import { answered, faultsOf, folded, type Life, livesOf, threadFaults, unequalRepeats } from './check.ts';
import { order, type PartName, ready } from './control.ts';
import { type Entry, lives, placed } from './journal.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

/** Every conversation that the journal names is whole in the log, and every read model equals the fold. */
async function allIsWell(journal: Entry[]): Promise<void> {
  const ids = [...new Set(journal.flatMap(({ conversationId }) => conversationId ?? []))];
  await until(
    'every close to be in the log',
    async () => (ids.every((id) => log.types(id).some((type) => type.startsWith('survey-'))) ? true : undefined),
    120_000,
  );
  const all = livesOf(log.records);
  const mine = ids.flatMap((id) => all.get(id) ?? []);
  expect(mine.length).toBe(ids.length);
  expect(unequalRepeats(log.records)).toEqual([]);
  expect(mine.flatMap(faultsOf)).toEqual([]);
  expect(threadFaults(all.values())).toEqual([]);
  const acknowledged = journal.filter(({ status, sequence }) => status === 200 && sequence !== undefined);
  const missing = acknowledged.filter(
    ({ conversationId, sequence }) =>
      !all.get(conversationId ?? '')?.events.some((event) => event.sequence === sequence),
  );
  expect(missing).toEqual([]);
  expect(journal.filter(({ status }) => status >= 400)).toEqual([]);
  for (const life of mine) await readModelEquals(life);
}

async function readModelEquals(life: Life): Promise<void> {
  const wanted = folded(life, null);
  const seen = await until(`the read model of ${life.conversationId}`, async () => {
    const answer = await as('super-administrator-1')
      .send('GET', `/admin/v1/conversations/${life.conversationId}`)
      .catch(() => undefined);
    const isThere = ['sequence', 'messageCounts'].every((each) =>
      isDeepStrictEqual(field(answer?.body, each), field(wanted, each)),
    );
    return isThere ? answer : undefined;
  });
  expect(answered(seen.body)).toEqual(wanted);
}

describe('faults', () => {
  test.each<[PartName]>([['worker'], ['inbox'], ['admin']])(
    'X1, X3: kill -9 of %s under 20 commands a second loses nothing and doubles nothing',
    async (part) => {
      const journal: Entry[] = [];
      const load = lives(journal, 5, 12);
      await wait(4000);
      await order(part, 'kill');
      await load;
      await ready('inbox');
      await ready('admin');
      expect(journal.length).toBe(5 * 12 * 4);
      await allIsWell(journal);
    },
    240_000,
  );

  test('X1, X3: Kafka away for 60 s: commands go on, a close and a successor happen meanwhile, all drains in order', async () => {
    const visitor = { account: 'site', contact: newContact() };
    const first = await conversationIn('active', visitor);
    const journal: Entry[] = [];
    await order('kafka', 'stop');
    const stoppedAt = Date.now();
    const took: number[] = [];
    const close = await send('manager-1', admin(first, 'close'));
    took.push(Date.now() - stoppedAt);
    expect(verdict(close)).toBe('200 closed');
    const successor = await say(visitor, 'And now?');
    expect(successor).not.toBe(first);
    await lives(journal, 2, 10);
    await wait(Math.max(0, 60_000 - (Date.now() - stoppedAt)));
    await order('kafka', 'start');
    journal.push({
      what: 'close',
      conversationId: first,
      messageId: undefined,
      status: 200,
      sequence: Number(field(close.body, 'sequence')),
      tookMs: took[0] ?? 0,
    });
    expect(journal.filter(({ tookMs }) => tookMs > 5000)).toEqual([]);
    await log.event(successor, 'started', 120_000);
    await drained(journal);
  }, 400_000);

  test('X1: Temporal away for 30 s: 503 within 2 s, messages are taken, nothing is lost', async () => {
    const visitor = { account: 'site', contact: newContact() };
    const id = await conversationIn('active', visitor);
    await order('temporal', 'stop');
    const stoppedAt = Date.now();
    const refused = await send('manager-1', admin(id, 'close'));
    expect([refused.status, Date.now() - stoppedAt < 2500, Number(refused.headers.get('retry-after')) > 0]).toEqual([
      503,
      true,
      true,
    ]);
    const said = [await writes(visitor, 'one'), await writes(visitor, 'two')];
    expect((await as('agent-1').send('GET', `/inbox/v1/conversations/${id}`)).status).toBe(200);
    await wait(Math.max(0, 30_000 - (Date.now() - stoppedAt)));
    await order('temporal', 'start');
    for (const { messageId } of said) expect(await placed('site', messageId)).toBe(id);
    const close = await until('the close', async () => {
      const answer = await send('manager-1', admin(id, 'close'));
      return answer.status === 503 ? undefined : answer;
    });
    expect(verdict(close)).toBe('200 closed');
    const journal: Entry[] = [
      {
        what: 'close',
        conversationId: id,
        messageId: undefined,
        status: 200,
        sequence: Number(field(close.body, 'sequence')),
        tookMs: 0,
      },
    ];
    await allIsWell(journal);
    expect(field(close.body, 'conversation', 'messageCounts')).toEqual({ visitor: 3, agent: 1 });
  }, 240_000);
});

/** After an outage of Kafka the successor exists, so the predecessor's fold names it. */
async function drained(journal: Entry[]): Promise<void> {
  const withSuccessor = journal.at(-1)?.conversationId ?? '';
  const all = await until(
    'the close in the log',
    async () => {
      const lives = livesOf(log.records);
      return lives.get(withSuccessor)?.events.some(({ type }) => type === 'conversation.closed') ? lives : undefined;
    },
    120_000,
  );
  expect(faultsOf(all.get(withSuccessor) ?? { conversationId: withSuccessor, events: [], messages: [] })).toEqual([]);
  await allIsWell(journal.filter(({ conversationId }) => conversationId !== withSuccessor));
}
