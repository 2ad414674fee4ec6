import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, newContact, type Said, writes } from '../end-to-end/actors.ts';
import { LogFollower } from '../end-to-end/log.ts';
import { at, field, verdict } from '../end-to-end/stack.ts';
import { faultsOf, type Life, livesOf, threadFaults, unequalRepeats } from './check.ts';
import { order } from './control.ts';
import { placed, settled } from './journal.ts';

/** F31: a message, a close and (every other time, on `whatsapp-fast`) a due timer meet within ±50 ms. */
const RACES = Number(process.env['PARLEY_RACES'] ?? 400);
/** Each kind of meeting must have been hit so often. The aim is `PARLEY_RACES=1000 PARLEY_RACES_EACH=50`, on a machine that does nothing else. */
const AT_LEAST = Number(process.env['PARLEY_RACES_EACH'] ?? 1);
const A_SECOND = 4;
const WITHIN_MS = 50;
const INACTIVITY_MS = 5000;
/**
 * What lies between sending and the decision, as seen of late: races are aimed at the decision, and a message has a longer
 * way than a close (stored, acknowledged, then handed over), and a due timer asks inbox before it decides.
 */
const wayMs = { message: 40, close: 25, timer: 60 };
const learn = (of: keyof typeof wayMs, tookMs: number): void => {
  if (tookMs > 0 && tookMs < 1000) wayMs[of] += (tookMs - wayMs[of]) / 8;
};

interface Race {
  fast: boolean;
  first: string;
  second: string;
  secondMessage: string;
  close: string;
}

const log = new LogFollower();
let temporal: TemporalClient;
beforeAll(async () => {
  log.start();
  const connection = await Connection.connect({ address: at('temporal') });
  temporal = new TemporalClient({ connection, namespace: at('temporalNamespace') });
});
afterAll(async () => {
  await log.stop();
  await temporal.connection.close();
});

const jitter = (): number => Math.random() * 2 * WITHIN_MS - WITHIN_MS;
const untilInstant = (instant: number): Promise<void> => wait(Math.max(0, instant - Date.now()));

async function race(number: number): Promise<Race> {
  const fast = number % 2 === 0;
  const visitor = { account: fast ? 'whatsapp-fast' : 'whatsapp', contact: newContact('race') };
  const sentAt = Date.now();
  const said = await writes(visitor, 'first');
  const dueAt = (sentAt + Date.now()) / 2 + INACTIVITY_MS;
  const first = await placed(visitor.account, said.messageId);
  const aim = dueAt + (fast ? wayMs.timer : 0);
  const message = untilInstant(aim + jitter() - wayMs.message).then(() => sent(() => writes(visitor, 'second')));
  const close = untilInstant(aim + jitter() - wayMs.close).then(() =>
    sent(() => settled('super-administrator-1', admin(first, 'close'), {})),
  );
  const noise = number % 3 === 0 ? signalsAround(said, first, dueAt, number % 5 === 0) : Promise.resolve();
  const [second, closed] = await Promise.all([message, close, noise]);
  const place = await placed(visitor.account, second.answer.messageId);
  if (verdict(closed.answer) === '200 closed')
    learn('close', Date.parse(String(field(closed.answer.body, 'conversation', 'closing', 'at'))) - closed.at);
  const record = await until('the message in the log', async () => recordOf(second.answer.messageId));
  learn('message', Date.parse(String(field(record, 'time'))) - second.at);
  const natural = log.life(first).find(({ closeKind }) => closeKind === 'natural');
  if (natural !== undefined) learn('timer', Date.parse(String(natural['closedAt'])) - dueAt);
  return { fast, first, secondMessage: second.answer.messageId, second: place, close: verdict(closed.answer) };
}

async function sent<A>(send: () => Promise<A>): Promise<{ at: number; answer: A }> {
  const at = Date.now();
  return { at, answer: await send() };
}

const recordOf = (messageId: string): unknown =>
  log.records.findLast(({ value }) => field(value, 'messageId') === messageId)?.value;

/** Signals of a foreign client: garbage, a verb that policy does not grant, and now and then a message said elsewhere. */
async function signalsAround(said: Said, conversationId: string, dueAt: number, alsoAMessage: boolean): Promise<void> {
  const handle = temporal.workflow.getHandle(`conversation/demo/${said.threadId}`);
  await untilInstant(dueAt - 2 * WITHIN_MS);
  await handle.signal('close', 'garbage');
  await handle.signal('no-such-signal', { conversationId });
  await handle.signal('cancel', { conversationId, category: 'spam' });
  if (alsoAMessage)
    await handle.signal('message', { conversationId, messageId: `elsewhere-${randomUUID()}`, author: 'visitor' });
}

/** Publishing made slow: Kafka stands still for 1.5 s out of every 3. */
async function slowPublishing(until_: Promise<unknown>): Promise<void> {
  let over = false;
  void until_.finally(() => (over = true));
  while (!over) {
    await order('kafka', 'freeze');
    await wait(1500);
    await order('kafka', 'thaw');
    await wait(1500);
  }
}

async function run(count: number): Promise<Race[]> {
  const running: Promise<Race>[] = [];
  for (let number = 0; number < count; number += 1) {
    running.push(race(number));
    await wait(1000 / A_SECOND);
  }
  return Promise.all(running);
}

/** Was each kind of meeting really hit? */
function counted(races: Race[], lives: Map<string, Life>): Record<string, number> {
  const hits = {
    messageJustBefore: 0,
    messageJustAfter: 0,
    timerWon: 0,
    closeWon: 0,
    messageWon: 0,
    startedWhileUnpublished: 0,
  };
  for (const { first, second, secondMessage, fast } of races) {
    const closed = lives.get(first)?.events.find(({ type }) => type === 'conversation.closed');
    const message = lives.get(second)?.messages.find(({ messageId }) => messageId === secondMessage);
    if (closed?.type !== 'conversation.closed' || message === undefined) continue;
    const gapMs = Date.parse(message.time) - Date.parse(closed.time);
    if (second === first && gapMs >= -WITHIN_MS) hits.messageJustBefore += 1;
    if (second !== first && gapMs <= WITHIN_MS) hits.messageJustAfter += 1;
    if (closed.closeKind === 'natural') hits.timerWon += 1;
    if (closed.closeKind === 'supervisor' && second !== first) hits.closeWon += 1;
    if (fast && second === first) hits.messageWon += 1;
    const started = lives.get(second)?.events[0];
    if (second !== first && started !== undefined && writtenAt(first, 'conversation.closed') > Date.parse(started.time))
      hits.startedWhileUnpublished += 1;
  }
  return hits;
}

/** Kafka's own timestamp of the first such record: the moment of writing. */
function writtenAt(conversationId: string, type: string): number {
  const record = log.records.find(
    ({ value }) => field(value, 'conversationId') === conversationId && field(value, 'type') === type,
  );
  return Number(record?.timestamp);
}

test('X1, X2: a message, a close and a due timer meet; every message is in exactly one conversation', async () => {
  const quick = await run(Math.ceil(RACES / 2));
  const slow = run(Math.floor(RACES / 2));
  await slowPublishing(slow);
  const races = [...quick, ...(await slow)];
  expect(races.filter(({ close }) => close !== '200 closed' && close !== '200 already-closed')).toEqual([]);
  const lives = await until('all of it in the log', async () => complete(races), 120_000);
  const mine = races
    .flatMap(({ first, second }) => [lives.get(first), lives.get(second)])
    .filter((life) => life !== undefined);
  expect(mine.flatMap(faultsOf)).toEqual([]);
  expect(threadFaults(lives.values())).toEqual([]);
  expect(unequalRepeats(log.records)).toEqual([]);
  const homes = new Map<string, Set<string>>();
  for (const { conversationId, messages } of lives.values())
    for (const { messageId } of messages) homes.set(messageId, (homes.get(messageId) ?? new Set()).add(conversationId));
  expect(
    races.filter(
      ({ second, secondMessage }) => JSON.stringify([...(homes.get(secondMessage) ?? [])]) !== JSON.stringify([second]),
    ),
  ).toEqual([]);
  expect([...homes.values()].filter((homesOfOne) => homesOfOne.size !== 1)).toEqual([]);
  expect(races.filter(({ first, second }) => second !== first && started(lives, second) !== first)).toEqual([]);
  const early = [...lives.values()]
    .flatMap(({ events }) => events)
    .filter(
      (event) =>
        event.type === 'conversation.closed' &&
        event.closeKind === 'natural' &&
        event.closedAt < String(event.deadlineAt),
    );
  expect(early).toEqual([]);
  const hits = counted(races, lives);
  console.log(`races: ${JSON.stringify(hits)}`);
  for (const [kind, times] of Object.entries(hits)) expect([kind, times >= AT_LEAST]).toEqual([kind, true]);
}, 900_000);

const started = (lives: Map<string, Life>, conversationId: string): string | null | undefined => {
  const event = lives.get(conversationId)?.events[0];
  return event?.type === 'conversation.started' ? event.previousConversationId : undefined;
};

/** The lives, once every first conversation is closed and every second message has arrived. */
function complete(races: Race[]): Map<string, Life> | undefined {
  const lives = livesOf(log.records);
  const isWhole = ({ first, second, secondMessage }: Race): boolean =>
    (lives.get(first)?.events.some(({ type }) => type.startsWith('conversation.survey-')) ?? false) &&
    (lives.get(second)?.messages.some(({ messageId }) => messageId === secondMessage) ?? false);
  return races.every(isWhole) ? lives : undefined;
}
