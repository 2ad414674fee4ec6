import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, newContact, type Said, send, writes } from '../end-to-end/actors.ts';
import { LogFollower } from '../end-to-end/log.ts';
import { as, at, field, textAt, verdict } from '../end-to-end/stack.ts';
import { newTeam } from '../end-to-end/team.ts';
import { faultsOf, type Life, livesOf, threadFaults, unequalRepeats } from './check.ts';
import { order } from './control.ts';
import { placed } from './journal.ts';

/** F31: a message, a close and (every other time, on `whatsapp-fast`) a due timer meet within ±50 ms. */
const RACES = Number(process.env['PARLEY_RACES'] ?? 1000);
/** Each kind of meeting must have been hit so often. */
const AT_LEAST = Number(process.env['PARLEY_RACES_EACH'] ?? 50);
/**
 * What two cores hold for minutes: a race costs about 0.4 s of processor (`npm run bench -- cost`). A machine that answers
 * slowly is asked less often, within reason: here meetings are tried, not overload.
 */
const pace = { gapMs: 400, shortestMs: 400, longestMs: 600 };
const SLOW_MS = 750;
function keepPace(answerMs: number): void {
  const wanted = answerMs > SLOW_MS ? pace.gapMs * 1.25 : pace.gapMs * 0.98;
  pace.gapMs = Math.min(pace.longestMs, Math.max(pace.shortestMs, wanted));
}

const WITHIN_MS = 50;
const INACTIVITY_MS = 5000;

/**
 * When to send, before the instant at which all should be decided: a message has a longer way than a close (stored,
 * acknowledged, then handed over), a due timer asks inbox first, and a busy machine is slower. Each race that one of two
 * wins makes it a little later, so both go on winning.
 */
const leadMs = { message: 40, close: 25, timer: 60 };
const STEP_MS = 3;
function learn(won: keyof typeof leadMs, lost: keyof typeof leadMs): void {
  leadMs[won] -= STEP_MS;
  leadMs[lost] += STEP_MS;
}

interface Race {
  fast: boolean;
  first: string;
  second: string;
  secondMessage: string;
  /** Ids of messages that a foreign client said were said elsewhere. */
  elsewhere: string[];
  close: { verdict: string; sentAt: number; answeredAt: number };
}

const log = new LogFollower();
let temporal: TemporalClient;
/** Of a team of its own: hundreds of second conversations stay waiting there, and stand in no other test's queue. */
let slowAccount: string;
beforeAll(async () => {
  log.start();
  slowAccount = (await newTeam({ surveyOn: true })).id;
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
  const visitor = { account: fast ? 'whatsapp-fast' : slowAccount, contact: newContact('race') };
  const sentAt = Date.now();
  const said = await writes(visitor, 'first');
  const dueAt = (sentAt + Date.now()) / 2 + INACTIVITY_MS;
  const first = await placed(visitor.account, said.messageId);
  // A timer's lead is its own: it cannot be sent earlier, so the others are sent later.
  const aim = dueAt + (fast ? leadMs.timer : 0);
  const message = untilInstant(aim + jitter() - leadMs.message).then(() => writesOnce(visitor));
  const close = untilInstant(aim + jitter() - leadMs.close).then(() => closesOnce(first));
  const noise = number % 3 === 0 ? signalsAround(said, first, aim, number % 5 === 0) : Promise.resolve([]);
  const [secondMessage, closed, elsewhere] = await Promise.all([message, close, noise]);
  const second = await placed(visitor.account, secondMessage);
  const isNatural = closed.verdict === '200 already-closed';
  // Three can win here: a timer's win counts double, so that it wins a third of them.
  if (fast && !isNatural) learn('close', 'timer');
  for (let twice = 0; fast && isNatural && twice < 2; twice += 1) learn('timer', 'close');
  if (!isNatural) learn(second === first ? 'message' : 'close', second === first ? 'close' : 'message');
  return { fast, first, second, secondMessage, elsewhere, close: closed };
}

/** No caller sees an error: one attempt, no second. */
async function writesOnce({ account, contact }: { account: string; contact: string }): Promise<string> {
  const body = { id: `m-${randomUUID()}`, contact: { id: contact }, text: 'second' };
  const answer = await as('integration-1').send('POST', `/inbox/v1/channels/${account}/messages`, body);
  expect(answer.status).toBe(202);
  return textAt(answer.body, 'messageId');
}

async function closesOnce(conversationId: string): Promise<Race['close']> {
  const sentAt = Date.now();
  const answer = await send('super-administrator-1', admin(conversationId, 'close'));
  const answeredAt = Date.now();
  keepPace(answeredAt - sentAt);
  return { verdict: verdict(answer), sentAt, answeredAt };
}

/** Signals of a foreign client: garbage, a verb that policy does not grant, and now and then a message said elsewhere. */
async function signalsAround(
  said: Said,
  conversationId: string,
  aim: number,
  alsoAMessage: boolean,
): Promise<string[]> {
  const handle = temporal.workflow.getHandle(`conversation/demo/${said.threadId}`);
  await untilInstant(aim + jitter() - leadMs.close);
  await handle.signal('close', 'garbage');
  await handle.signal('no-such-signal', { conversationId });
  await handle.signal('cancel', { conversationId, category: 'spam' });
  if (!alsoAMessage) return [];
  const messageId = `elsewhere-${randomUUID()}`;
  await handle.signal('message', { conversationId, messageId, author: 'visitor' });
  return [messageId];
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
    await wait(pace.gapMs);
  }
  return Promise.all(running);
}

type Kind =
  'messageJustBefore' | 'messageJustAfter' | 'timerWon' | 'closeWon' | 'messageWon' | 'startedWhileUnpublished';

/** Was each kind of meeting really hit, within 50 ms? */
function counted(races: Race[], lives: Map<string, Life>): Record<string, number> {
  const kinds = races.flatMap((race) => kindsOf(race, lives));
  return Object.fromEntries(KINDS.map((kind) => [kind, kinds.filter((each) => each === kind).length]));
}

function kindsOf({ first, second, secondMessage, fast, close }: Race, lives: Map<string, Life>): Kind[] {
  const life = lives.get(first);
  const closed = life?.events.find(({ type }) => type === 'conversation.closed');
  const message = lives.get(second)?.messages.find(({ messageId }) => messageId === secondMessage);
  if (life === undefined || closed?.type !== 'conversation.closed' || message === undefined) return [];
  const [closedAt, saidAt] = [Date.parse(closed.time), Date.parse(message.time)];
  const due =
    Date.parse(life.messages.find(({ messageNumber }) => messageNumber === 1)?.acceptedAt ?? '') + INACTIVITY_MS;
  const joined = second === first;
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= WITHIN_MS;
  const closeWasUnderWay = close.sentAt <= closedAt + WITHIN_MS && close.answeredAt >= closedAt - WITHIN_MS;
  const isTimers = closed.closeKind === 'natural';
  const started = lives.get(second)?.events[0];
  const found: Record<Kind, boolean> = {
    messageJustBefore: joined && near(saidAt, closedAt),
    messageJustAfter: !joined && near(saidAt, closedAt),
    timerWon: isTimers && (closeWasUnderWay || near(saidAt, closedAt)),
    closeWon: fast && !isTimers && !joined && (near(closedAt, due) || near(saidAt, closedAt)),
    messageWon: fast && joined && (near(saidAt, due) || near(saidAt, closedAt)),
    startedWhileUnpublished:
      !joined && started !== undefined && writtenAt(first, 'conversation.closed') > Date.parse(started.time),
  };
  return KINDS.filter((kind) => found[kind]);
}
const KINDS: Kind[] = [
  'messageJustBefore',
  'messageJustAfter',
  'timerWon',
  'closeWon',
  'messageWon',
  'startedWhileUnpublished',
];

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
  expect(races.filter(({ close }) => !['200 closed', '200 already-closed'].includes(close.verdict))).toEqual([]);
  const lives = await until('all of it in the log', async () => complete(races), 120_000);
  const mine = races
    .flatMap(({ first, second }) => [lives.get(first), lives.get(second)])
    .filter((life) => life !== undefined);
  expect(mine.flatMap(faultsOf)).toEqual([]);
  expect(threadFaults(lives)).toEqual([]);
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
  expect(races.flatMap(({ elsewhere }) => elsewhere).filter((id) => !homes.has(id))).toEqual([]);
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
  const said = new Set([...lives.values()].flatMap(({ messages }) => messages.map(({ messageId }) => messageId)));
  const isWhole = ({ first, secondMessage, elsewhere }: Race): boolean =>
    (lives.get(first)?.events.some(({ type }) => type.startsWith('conversation.survey-')) ?? false) &&
    [secondMessage, ...elsewhere].every((id) => said.has(id));
  return races.every(isWhole) ? lives : undefined;
}
