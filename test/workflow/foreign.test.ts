import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { foreignMessageIdOf } from '@parley/contracts/identifiers';
import type { MessageAnswer } from '@parley/contracts/protocol';
import { agent, command, manager, newMessageId, placed, router, Stage, Thread } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

const signal = (thread: Thread, name: string, payload: object) =>
  stage.foreign.workflow.getHandle(thread.workflowId).signal(name, payload);
const foreignOf = (thread: Thread) => stage.world.foreign.filter(({ threadId }) => threadId === thread.threadId);
const refusedOf = (thread: Thread) => stage.world.refused.filter(({ threadId }) => threadId === thread.threadId);
const administrator = {
  ...manager,
  id: 'administrator-1',
  role: 'administrator' as const,
  scopes: ['campaign:whatsapp'],
};
const stateOf = (conversationId: string) => stage.client.state('demo', conversationId);

test('what was said elsewhere takes its place and is handed to inbox, once', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  const said = { conversationId, messageId: 'elsewhere-1', author: 'visitor' };
  await signal(thread, 'message', said);
  await signal(thread, 'message', said);
  await until(() => foreignOf(thread).length === 1);
  expect(await thread.say()).toMatchObject({ messageNumber: 3 });
  expect(foreignOf(thread)).toMatchObject([
    { messageId: 'elsewhere-1', author: 'visitor', placed: { conversationId, messageNumber: 2, afterSequence: 2 } },
  ]);
});

test('X3: a message whose answer was lost keeps its place, however many signals come before it is asked again', async () => {
  const thread = new Thread(stage);
  const messageId = newMessageId();
  const first = await thread.say({ messageId });
  const { conversationId } = first;
  const storm = Array.from({ length: 250 }, (_, index) =>
    signal(thread, 'message', { conversationId, messageId: String(index), author: 'visitor' }),
  );
  await Promise.all(storm);
  const again = await stage.signed.workflow
    .getHandle(thread.workflowId)
    .executeUpdate<MessageAnswer, [unknown]>('message', { args: [thread.update({ messageId })] });
  expect(placed(again)).toMatchObject({ messageNumber: 1, afterSequence: first.afterSequence });
  expect(await thread.say()).toMatchObject({ messageNumber: 252 });
}, 60_000);

test('a message of elsewhere that inbox’s dispatcher placed is known by its signal too', async () => {
  const thread = new Thread(stage, { preset: 'sellia-campaign' });
  const start = { ...thread.start, pendingReason: 'out-of-hours' as const };
  const { conversationId } = await thread.say({ start });
  await command(stage, conversationId, 'cancel', { caller: administrator, category: 'spam', commentId: 'comment_1' });
  const said = { conversationId, messageId: '1', author: 'visitor' };
  await signal(thread, 'message', said);
  await until(() => foreignOf(thread).length === 1);
  await thread.say({ start, messageId: foreignMessageIdOf(thread.threadId, '1') });
  await signal(thread, 'message', said);
  expect(await thread.say()).toMatchObject({ conversationId, messageNumber: 3 });
  expect(foreignOf(thread)).toMatchObject([{ messageId: '1', placed: null }]);
});

test('an agent’s message of elsewhere is the assignee’s, or it is refused into the audit', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  await command(stage, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
  await signal(thread, 'message', { conversationId, messageId: 'a-1', author: 'agent', agentId: 'eva' });
  await signal(thread, 'message', { conversationId, messageId: 'a-2', author: 'agent', agentId: 'max' });
  await until(() => refusedOf(thread).length === 1);
  expect(refusedOf(thread)).toMatchObject([{ signal: 'message', reason: 'FORBIDDEN_SCOPE', conversationId }]);
  expect(await stateOf(conversationId)).toMatchObject({
    answer: { status: 'active', messageCounts: { visitor: 1, agent: 1 }, lastMessageFrom: 'agent' },
  });
});

test('for a conversation that ended a visitor’s message is placed by inbox like any other, an agent’s is refused', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  await command(stage, conversationId, 'close', { caller: manager });
  await signal(thread, 'message', { conversationId, messageId: 'late-1', author: 'visitor' });
  await signal(thread, 'message', { conversationId, messageId: 'late-2', author: 'agent', agentId: 'eva' });
  await until(() => foreignOf(thread).length === 1 && refusedOf(thread).length === 1);
  expect(foreignOf(thread)).toMatchObject([{ messageId: 'late-1', placed: null }]);
  expect(await stateOf(conversationId)).toMatchObject({ answer: { messageCounts: { visitor: 1 } } });
});

test('a signal does what policy grants an integration, and nothing more', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  await command(stage, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
  await signal(thread, 'pause', { conversationId, commandId: 'theirs-1' });
  await signal(thread, 'close', { conversationId, commandId: 'theirs-1', tags: ['Opening hours'] });
  await signal(thread, 'close', { conversationId, commandId: 'theirs-2', tags: ['Opening hours', 'opening-hours'] });
  await until(() => stage.world.lifeOf(conversationId).length >= 7);
  expect(
    stage.world
      .lifeOf(conversationId)
      .map(({ type, commandid }) => [type, commandid])
      .slice(3),
  ).toEqual([
    ['conversation.paused', 'theirs-1'],
    ['conversation.qualified', 'theirs-2'],
    ['conversation.closed', 'theirs-2'],
    ['conversation.survey-requested', 'theirs-2'],
  ]);
  expect(stage.world.lifeOf(conversationId)[5]).toMatchObject({ closeKind: 'api', tags: ['opening-hours'] });
});

test('a foreign commandId answers no command of ours', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  await command(stage, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
  await signal(thread, 'pause', { conversationId, commandId: 'cmd:guessed' });
  await until(() => stage.world.lifeOf(conversationId).length === 4);
  const answer = await command(stage, conversationId, 'close', { caller: agent('eva'), commandId: 'cmd:guessed' });
  expect(answer).toMatchObject({ kind: 'done', outcome: 'closed' });
});

test('a storm of signals is recorded whole, in order, and answers an Update in between', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  const count = 600;
  const storm = Array.from({ length: count }, (_, index) =>
    signal(thread, 'message', { conversationId, messageId: `storm-${index}`, author: 'visitor' }),
  );
  const qualify = { commandId: 'cmd:in-the-storm', caller: manager, tags: ['refund'] };
  const reply = await stage.client.command('demo', conversationId, 'qualify', qualify, { deadlineMs: 30_000 });
  expect(reply).toMatchObject({ answer: { kind: 'done' } });
  await Promise.all(storm);
  await until(() => foreignOf(thread).length >= count, { withinMs: 60_000 });
  const numbers = foreignOf(thread).map(({ placed }) => placed?.messageNumber);
  expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 2));
}, 100_000);
