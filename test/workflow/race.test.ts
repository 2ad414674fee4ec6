import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { foldLogs } from '@parley/domain/fold';
import { command, manager, Stage, tenant, Thread, type Placed } from './harness.js';
import { dice } from './dice.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

const THREADS = 6;
const ROUNDS = 3;
const seed = Number(process.env['PARLEY_RACE_SEED'] ?? Date.now() % 1_000_000);
const roll = dice(seed);

const closedAt = (conversationId: string): number =>
  stage.world.lifeOf(conversationId).find(({ type }) => type === 'conversation.closed')?.sequence ?? Infinity;

/** Its messages are numbered without a gap, none is after its close, and the two logs give the state that it has. */
async function isWhole(thread: Thread, conversationId: string): Promise<void> {
  const heard = thread.heard.filter((message) => message.conversationId === conversationId);
  const numbers = heard.map(({ messageNumber }) => messageNumber).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  heard.forEach(({ afterSequence }) => expect(afterSequence).toBeLessThan(closedAt(conversationId)));
  const reply = await stage.client.decisionState(tenant, conversationId);
  const state = reply.kind === 'answer' ? reply.answer.conversation : stage.world.archived.get(conversationId)?.state;
  const { nextConversationId } = state ?? { nextConversationId: null };
  await until(() => stage.world.lifeOf(conversationId).length === state?.sequence);
  const folded = foldLogs(stage.world.lifeOf(conversationId), heard);
  expect(folded && { ...folded, nextConversationId }).toEqual(state);
}

async function closeRace(thread: Thread): Promise<void> {
  const { conversationId } = await thread.say();
  const noise = stage.foreign.workflow.getHandle(thread.workflowId);
  const later = async <T>(act: () => Promise<T>): Promise<T> => {
    await sleep(50 * roll());
    return act();
  };
  const [closed, ...places] = await Promise.all([
    later(() => command(stage, conversationId, 'close', { caller: manager })),
    later(() => thread.say()),
    later(() => thread.say()),
    later(() => noise.signal('noise').then(() => thread.say())),
  ]);
  expect(closed).toMatchObject({ kind: 'done', outcome: 'closed' });
  expect(new Set(places.map((place: Placed) => place.conversationId)).size).toBeLessThanOrEqual(2);
  expect((await command(stage, conversationId, 'close', { caller: manager })).kind).toBe('done');
}

test(`X1: a close that meets messages leaves each in exactly one conversation (seed ${seed})`, async () => {
  const threads = Array.from({ length: THREADS }, () => new Thread(stage));
  for (let round = 0; round < ROUNDS; round += 1) await Promise.all(threads.map(closeRace));
  for (const thread of threads) {
    const ids = [...new Set(thread.heard.map(({ conversationId }) => conversationId))];
    for (const conversationId of ids) await isWhole(thread, conversationId);
    expect(thread.heard).toHaveLength(ROUNDS * 4);
    expect(new Set(thread.heard.map(({ messageId }) => messageId)).size).toBe(ROUNDS * 4);
  }
});

test(`a message that meets the end of its run finds its place, in the old one or the next (seed ${seed})`, async () => {
  const lingerMs = 600;
  const threads = Array.from({ length: THREADS }, () => new Thread(stage, { lingerMs }));
  const runs = new Set<string>();
  const meetTheEnd = async (thread: Thread, lateMs: number): Promise<void> => {
    const { conversationId } = await thread.say();
    await command(stage, conversationId, 'close', { caller: manager });
    await sleep(lingerMs + lateMs + 250 * roll());
    runs.add(conversationId.slice(0, -1));
  };
  // A busy machine ends a run later: aimed later each time, until some have met the end and some have not.
  let rounds = 0;
  for (; rounds < ROUNDS || (runs.size <= THREADS && rounds < 5 * ROUNDS); rounds += 1)
    await Promise.all(threads.map((thread) => meetTheEnd(thread, 100 * rounds - 50)));
  expect(runs.size).toBeGreaterThan(THREADS);
  for (const thread of threads) {
    const ids = thread.heard.map(({ conversationId }) => conversationId);
    expect(new Set(ids).size).toBe(rounds);
    for (const conversationId of ids) await isWhole(thread, conversationId);
    const predecessors = ids
      .map((id) => stage.world.lifeOf(id)[0])
      .map((event) => (event?.type === 'conversation.started' ? event.previousConversationId : 'none'));
    expect(predecessors).toEqual([null, ...ids.slice(0, -1)]);
  }
});
