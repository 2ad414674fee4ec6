import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { command, manager, Stage, Thread } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());
beforeEach(() => {
  stage.world.freed.length = 0;
});

async function waiting(): Promise<string> {
  return (await new Thread(stage).say()).conversationId;
}
const reassign = (conversationId: string, to: string) =>
  command(stage, conversationId, 'reassign', { caller: manager, to });

test('D4: a supervisor’s reassignment takes the room first, by asking inbox', async () => {
  const conversationId = await waiting();
  const asked: unknown[] = [];
  stage.world.grant = async (request) => {
    asked.push(request);
    return { granted: 'lease-1' };
  };
  expect(await reassign(conversationId, 'eva')).toMatchObject({ kind: 'done', outcome: 'reassigned', held: 'eva' });
  expect(asked).toMatchObject([{ conversationId, episode: 1, to: 'eva', group: 'support', tenant: 'demo' }]);
  expect(stage.world.freed).toEqual([]);
});

test('inbox’s refusal is the answer, and nothing is given back', async () => {
  const conversationId = await waiting();
  stage.world.grant = async () => ({ refused: 'CAPACITY_FULL' });
  expect(await reassign(conversationId, 'eva')).toMatchObject({ kind: 'refused', reason: 'CAPACITY_FULL' });
  expect(await command(stage, conversationId, 'qualify', { caller: manager, tags: [] })).toMatchObject({
    kind: 'done',
  });
  expect(stage.world.freed).toEqual([]);
});

test('while one waits another is told to come back, and a close ends the wait: what is granted late is given back', async () => {
  const conversationId = await waiting();
  const { promise: granted, resolve: grant } = Promise.withResolvers<unknown>();
  let isAsked = false;
  stage.world.grant = () => {
    isAsked = true;
    return granted;
  };
  const first = reassign(conversationId, 'eva');
  await until(() => isAsked);
  expect(await reassign(conversationId, 'max')).toEqual({ kind: 'busy', retryAfterMs: 1000 });
  expect(await command(stage, conversationId, 'close', { caller: manager })).toMatchObject({ outcome: 'closed' });
  expect(await first).toMatchObject({ kind: 'refused', reason: 'NOT_ELIGIBLE_STATE' });
  grant({ granted: 'late' });
  await until(() => stage.world.freed.length === 1);
  expect(stage.world.freed).toMatchObject([{ conversationId, to: 'eva' }]);
});

test('who was told to come back is decided anew under the same id', async () => {
  const conversationId = await waiting();
  const { promise: granted, resolve: grant } = Promise.withResolvers<unknown>();
  let asked = 0;
  stage.world.grant = () => {
    asked += 1;
    return asked === 1 ? granted : Promise.resolve({ granted: 'second' });
  };
  const first = reassign(conversationId, 'eva');
  await until(() => asked === 1);
  const again = () => command(stage, conversationId, 'reassign', { caller: manager, to: 'max', commandId: 'cmd:same' });
  expect(await again()).toEqual({ kind: 'busy', retryAfterMs: 1000 });
  expect(await again()).toEqual({ kind: 'busy', retryAfterMs: 1000 });
  grant({ granted: 'first' });
  expect(await first).toMatchObject({ kind: 'done', held: 'eva' });
  expect(await again()).toMatchObject({ kind: 'done', held: 'max', freed: 'eva' });
});

test('an inbox that does not answer within 3 s counts as refused, and what it may have granted is given back', async () => {
  const conversationId = await waiting();
  stage.world.grant = () => new Promise(() => undefined);
  const askedAt = Date.now();
  expect(await reassign(conversationId, 'eva')).toMatchObject({ kind: 'refused', reason: 'TARGET_UNAVAILABLE' });
  expect(Date.now() - askedAt).toBeLessThan(4500);
  await until(() => stage.world.freed.length === 1);
});

test('an answer that is none counts as refused', async () => {
  const conversationId = await waiting();
  stage.world.grant = async () => 'yes';
  expect(await reassign(conversationId, 'eva')).toMatchObject({ kind: 'refused', reason: 'TARGET_UNAVAILABLE' });
});

test('a signal’s reassignment asks as well', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  stage.world.grant = async () => ({ granted: 'lease-2' });
  await stage.foreign.workflow.getHandle(thread.workflowId).signal('reassign', { conversationId, to: 'max' });
  await until(() => stage.world.lifeOf(conversationId).length === 3);
  expect(stage.world.lifeOf(conversationId).at(-1)).toMatchObject({
    type: 'conversation.reassigned',
    assignedTo: 'max',
    actor: { kind: 'integration', id: 'signal', role: 'integration' },
  });
});
