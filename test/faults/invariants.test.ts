import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, agentsReady, conversationIn, inbox, newContact, send, writes } from '../end-to-end/actors.ts';
import { LogFollower } from '../end-to-end/log.ts';
import { as, field, verdict } from '../end-to-end/stack.ts';
import { answered, faultsOf, folded, type Life, livesOf, threadFaults, unequalRepeats } from './check.ts';
import { order, type PartName, ready } from './control.ts';
import { type Entry, lives, noted, placed } from './journal.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

/** A short life, whole: nothing twice, nothing missing. The survey may be asked for or not. */
const WHOLE = ['started', 'queued', 'assigned', 'activated', 'closed', 'survey'];

/** Every conversation that the journal names is whole in the log, and every read model equals the fold. */
async function allIsWell(journal: Entry[]): Promise<void> {
  const ids = [...new Set(journal.flatMap(({ conversationId }) => conversationId ?? []))];
  const said = journal.filter(({ what }) => what === 'message' || what === 'reply');
  await until(
    'every close and every message to be in the log',
    async () => {
      const areClosed = ids.every((id) => log.types(id).some((type) => type.startsWith('survey-')));
      // Messages come on their own: whoever published them when it was killed keeps the turn for 15 s.
      const told = new Set(
        log.records.map(({ value }) => `${String(field(value, 'conversationId'))} ${String(field(value, 'author'))}`),
      );
      const isTold = ({ what, conversationId }: Entry): boolean =>
        told.has(`${conversationId} ${what === 'message' ? 'visitor' : 'agent'}`);
      return areClosed && said.every(isTold) ? true : undefined;
    },
    120_000,
  );
  const all = livesOf(log.records);
  const mine = ids.flatMap((id) => all.get(id) ?? []);
  expect(mine.length).toBe(ids.length);
  expect(unequalRepeats(log.records)).toEqual([]);
  expect(mine.flatMap(faultsOf)).toEqual([]);
  expect(threadFaults(all)).toEqual([]);
  expect(journal.filter(({ status }) => status >= 400)).toEqual([]);
  expect(journal.flatMap((entry) => absent(entry, all))).toEqual([]);
  for (const life of mine) await readModelEquals(life, all.values());
}

/** What was acknowledged and is not in the log: its event, or its message. */
function absent({ what, conversationId = '', messageId, sequence }: Entry, all: Map<string, Life>): string[] {
  const { events = [], messages = [] } = all.get(conversationId) ?? {};
  const isThere =
    what === 'message'
      ? messages.filter((message) => message.messageId === messageId).length === 1
      : events.some((event) => event.sequence === sequence);
  return isThere ? [] : [`${what} of ${conversationId}`];
}

/** Four acknowledged commands made these events and these two messages, whatever was repeated on the way. */
function eachOnce(journal: Entry[]): void {
  const all = livesOf(log.records);
  for (const id of new Set(journal.map(({ conversationId = '' }) => conversationId))) {
    const types = log.types(id).map((type) => (type.startsWith('survey-') ? 'survey' : type));
    expect([id, types]).toEqual([id, WHOLE]);
    expect([
      id,
      all
        .get(id)
        ?.messages.map(({ author }) => author)
        .toSorted(),
    ]).toEqual([id, ['agent', 'visitor']]);
  }
}

/** Both services' read models; the successor is known by its own beginning. */
async function readModelEquals(life: Life, all: Iterable<Life>): Promise<void> {
  const next = [...all].find(({ events: [first] }) => {
    return first?.type === 'conversation.started' && first.previousConversationId === life.conversationId;
  });
  const wanted = folded(life, next?.conversationId ?? null);
  for (const [account, service] of [
    ['super-administrator-1', 'admin'],
    ['agent-1', 'inbox'],
  ] as const) {
    const path = `/${service}/v1/conversations/${life.conversationId}`;
    const seen = await until(`${service}'s read model of ${life.conversationId}`, async () => {
      const answer = await as(account)
        .send('GET', path)
        .catch(() => undefined);
      const isThere = ['sequence', 'messageCounts', 'nextConversationId'].every((each) =>
        isDeepStrictEqual(field(answer?.body, each), field(wanted, each)),
      );
      return isThere ? answer : undefined;
    });
    expect([service, answered(seen.body)]).toEqual([service, wanted]);
  }
}

/** Every command on it is refused within 2 s, and says when to try again. */
async function saysUnavailable(id: string): Promise<void> {
  for (const [who, path, body] of [
    ['manager-1', admin(id, 'close'), {}],
    ['agent-1', inbox(id, 'close'), {}],
    ['agent-1', inbox(id, 'messages'), { id: `a-${randomUUID()}`, text: 'Still there?' }],
    ['agent-1', inbox(id, 'return-to-queue'), {}],
  ] as const) {
    const sentAt = Date.now();
    const { status, headers } = await send(who, path, body);
    const waitS = Number(headers.get('retry-after'));
    expect([path, status, waitS > 0, Date.now() - sentAt <= 2000]).toEqual([path, 503, true, true]);
  }
}

/** What a test that fails leaves stopped. */
const restarts: PartName[] = [];
afterEach(async () => {
  for (const part of restarts.splice(0)) await order(part, 'start');
});

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
      eachOnce(journal);
      const interrupted = journal.filter(({ attempts, tookMs }) => attempts > 1 || tookMs > 1000).length;
      expect([part, interrupted > 0]).toEqual([part, true]);
    },
    240_000,
  );

  test('X1, X3: Kafka away for 60 s: commands go on, a close and a successor happen meanwhile, all drains in order', async () => {
    const visitor = { account: 'site', contact: newContact() };
    const first = await conversationIn('active', visitor);
    const journal: Entry[] = [];
    await order('kafka', 'stop');
    restarts.push('kafka');
    const stoppedAt = Date.now();
    const close = await send('manager-1', admin(first, 'close'));
    expect([verdict(close), Date.now() - stoppedAt < 5000]).toEqual(['200 closed', true]);
    const successor = await conversationIn('active', visitor);
    expect(successor).not.toBe(first);
    // As long as Kafka is away: whatever waits for it a while must not stop what does not.
    await lives(journal, 1, 45);
    expect(journal.filter(({ tookMs }) => tookMs > 5000)).toEqual([]);
    const second = await send('manager-1', admin(successor, 'close'));
    expect([verdict(second), log.life(successor)]).toEqual(['200 closed', []]);
    await wait(Math.max(0, 60_000 - (Date.now() - stoppedAt)));
    await order('kafka', 'start');
    await allIsWell([...journal, noted('close', close, first), noted('close', second, successor)]);
    eachOnce(journal);
    expect(log.life(successor)[0]).toMatchObject({ previousConversationId: first });
  }, 400_000);

  test('X1: Temporal away for 30 s: 503 within 2 s, messages are taken, nothing is lost', async () => {
    const visitor = { account: 'site', contact: newContact() };
    const id = await conversationIn('active', visitor);
    // Who has been told of a change reads it or waits (503): so far all that was told has been read.
    await log.event(id, 'activated');
    const journal: Entry[] = [];
    // Whoever was picked just before has its reply and its close to come.
    const load = lives(journal, 2, 12, 3000);
    await wait(4000);
    await order('temporal', 'stop');
    restarts.push('temporal');
    const stoppedAt = Date.now();
    const said = [await writes(visitor, 'one'), await writes(visitor, 'two')];
    await saysUnavailable(id);
    expect((await as('agent-1').send('GET', `/inbox/v1/conversations/${id}`)).status).toBe(200);
    await wait(Math.max(0, 25_000 - (Date.now() - stoppedAt)));
    await saysUnavailable(id);
    await wait(Math.max(0, 30_000 - (Date.now() - stoppedAt)));
    await order('temporal', 'start');
    for (const { messageId } of said) expect(await placed('site', messageId)).toBe(id);
    const close = await until('the close', async () => {
      const answer = await send('manager-1', admin(id, 'close'));
      return answer.status === 503 ? undefined : answer;
    });
    expect(verdict(close)).toBe('200 closed');
    await load;
    expect(journal.length).toBe(2 * 12 * 4);
    expect(journal.filter(({ attempts }) => attempts > 1).length).toBeGreaterThan(0);
    await allIsWell([...journal, noted('close', close, id)]);
    eachOnce(journal);
    expect(log.types(id).filter((type) => type === 'closed')).toHaveLength(1);
    expect(field(close.body, 'conversation', 'messageCounts')).toEqual({ visitor: 3, agent: 1 });
  }, 240_000);
});
