import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { manager, Stage, tenant, Thread } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

test('a message starts a conversation, a close ends it, and both are published in order', async () => {
  const thread = new Thread(stage);
  const { conversationId, messageNumber } = await thread.say();
  expect(messageNumber).toBe(1);
  const command = { commandId: 'cmd:1', caller: manager };
  const closed = await stage.client.command(tenant, conversationId, 'close', command);
  expect(closed).toMatchObject({ kind: 'answer', answer: { kind: 'done', outcome: 'closed' } });
  await until(() => stage.world.lifeOf(conversationId).length >= 4);
  expect(stage.world.lifeOf(conversationId).map(({ type }) => type)).toEqual([
    'conversation.started',
    'conversation.queued',
    'conversation.closed',
    'conversation.survey-requested',
  ]);
});
