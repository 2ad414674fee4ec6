import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, manager, Stage, Thread } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

const closingOf = (conversationId: string) =>
  stage.world.lifeOf(conversationId).find(({ type }) => type === 'conversation.closed');

test('X2: the natural close comes at its deadline, never early, at most a second late', async () => {
  const thread = new Thread(stage, { change: { inactivityMs: 5000 } });
  const { conversationId } = await thread.say();
  await sleep(1500);
  const acceptedAt = new Date().toISOString();
  await thread.say({ acceptedAt });
  await until(() => closingOf(conversationId) !== undefined);
  const deadlineAt = new Date(Date.parse(acceptedAt) + 5000).toISOString();
  const closed = closingOf(conversationId);
  expect(closed).toMatchObject({ closeKind: 'natural', deadlineAt });
  const lateMs = Date.parse(closed?.time ?? '') - Date.parse(deadlineAt);
  expect(lateMs).toBeGreaterThanOrEqual(0);
  expect(lateMs).toBeLessThan(1000);
  expect(stage.world.asked).toContain(deadlineAt);
});

test('a message accepted before the deadline that still waits in inbox is waited for, and moves the clock', async () => {
  const thread = new Thread(stage, { change: { inactivityMs: 1000 } });
  const { conversationId } = await thread.say();
  stage.world.messageWaits = (threadId) => threadId === thread.threadId;
  const acceptedAt = new Date(Date.now() + 400).toISOString();
  await sleep(2200);
  expect(closingOf(conversationId)).toBeUndefined();
  stage.world.messageWaits = () => false;
  expect(await thread.say({ acceptedAt })).toMatchObject({ conversationId, messageNumber: 2 });
  await until(() => closingOf(conversationId) !== undefined);
  expect(closingOf(conversationId)).toMatchObject({
    deadlineAt: new Date(Date.parse(acceptedAt) + 1000).toISOString(),
  });
});

test('warnings come before the end, and a message takes them back', async () => {
  const thread = new Thread(stage, { change: { inactivityMs: 3000, inactivityWarningsMs: [2000] } });
  const { conversationId } = await thread.say();
  const warnings = () =>
    stage.world.lifeOf(conversationId).filter(({ type }) => type === 'conversation.inactivity-warned');
  await until(() => warnings().length === 1);
  await thread.say();
  await until(() => warnings().length === 2);
  expect(closingOf(conversationId)).toBeUndefined();
  await until(() => closingOf(conversationId) !== undefined);
});

test('a close before the deadline leaves nothing to the clock', async () => {
  const thread = new Thread(stage, { change: { inactivityMs: 1000 } });
  const { conversationId } = await thread.say();
  await command(stage, conversationId, 'close', { caller: manager });
  await sleep(1600);
  expect(stage.world.lifeOf(conversationId).filter(({ type }) => type === 'conversation.closed')).toHaveLength(1);
});
