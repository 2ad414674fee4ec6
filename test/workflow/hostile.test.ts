import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { temporal } from '@temporalio/proto';
import { agent, manager, Stage, tenant, Thread } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

const json = (value: unknown) => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(value)),
});
type Payloads = temporal.api.common.v1.IPayload[];

/** As the server takes it from anybody: whatever bytes, under whatever name. */
async function signal(thread: Thread, signalName: string, payloads: Payloads): Promise<void> {
  await stage.connection.workflowService.signalWorkflowExecution({
    namespace: stage.namespace,
    workflowExecution: { workflowId: thread.workflowId },
    signalName,
    input: { payloads },
  });
}

test('no signal wedges a conversation: each leaves an audit record, and the next command is answered', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  const hostile: [string, Payloads, string][] = [
    ['close', [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{no json') }], 'undecodable'],
    ['close', [{ metadata: { encoding: Buffer.from('binary/unheard-of') }, data: Buffer.from('x') }], 'undecodable'],
    ['close', [{ data: Buffer.from('{}') }], 'undecodable'],
    ['close', [{ metadata: { encoding: Buffer.alloc(0) }, data: Buffer.alloc(0) }], 'undecodable'],
    ['close', [], 'one-object-expected'],
    ['close', [json(null)], 'one-object-expected'],
    ['close', [json([conversationId])], 'one-object-expected'],
    ['close', [json({ conversationId }), json({})], 'one-object-expected'],
    ['close', [json({})], 'conversation-not-named'],
    ['close', [json({ conversationId, note: 'x'.repeat(1_900_000) })], 'too-large'],
    ['close', [json({ conversationId, comment: 'free text' })], 'malformed'],
    ['close', [json({ conversationId, role: 'super-administrator', scopes: ['tenant'] })], 'malformed'],
    ['close', [json({ conversationId, tags: ['someone@example.org'] })], 'malformed'],
    ['close', [json({ conversationId: `${conversationId}x` })], 'unknown-conversation'],
    ['cancel', [json({ conversationId })], 'FEATURE_DISABLED'],
    ['drop-table', [json({ conversationId })], 'unknown-signal'],
    ['__temporal_anything', [json({ conversationId })], 'unknown-signal'],
    ['__stack_trace', [json({ conversationId })], 'unknown-signal'],
    ['resume', [json({ conversationId, lease: { granted: 'x' } })], 'unknown-signal'],
    ['message', [json({ conversationId, messageId: 'm', author: 'visitor', text: 'free' })], 'malformed'],
  ];
  for (const [name, payloads] of hostile) await signal(thread, name, payloads);
  const paused = await stage.client.command(tenant, conversationId, 'qualify', {
    commandId: 'cmd:after-the-storm',
    caller: manager,
    tags: ['refund'],
  });
  expect(paused).toMatchObject({ kind: 'answer', answer: { kind: 'done', outcome: 'qualified', sequence: 3 } });
  await until(() => refusedOf(thread).length >= hostile.length);
  expect(refusedOf(thread).map(({ reason }) => reason)).toEqual(hostile.map(([, , reason]) => reason));
  expect(new Set(refusedOf(thread).map(({ id }) => id)).size).toBe(hostile.length);
  expect(JSON.stringify(refusedOf(thread))).not.toContain('free');
});

const refusedOf = (thread: Thread) => stage.world.refused.filter(({ threadId }) => threadId === thread.threadId);

test('a request to cancel the workflow ends no conversation', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  await stage.foreign.workflow.getHandle(thread.workflowId).cancel();
  expect(await thread.say()).toMatchObject({ conversationId, messageNumber: 2 });
  await until(() => stage.world.lifeOf(conversationId).length === 2);
  const reply = await stage.client.command(tenant, conversationId, 'close', { commandId: 'cmd:x', caller: manager });
  expect(reply).toMatchObject({ answer: { kind: 'done', outcome: 'closed' } });
  await until(() => stage.world.lifeOf(conversationId).length === 4);
});

test('an Update without our signature gains nothing: it acts as an integration', async () => {
  const thread = new Thread(stage, { preset: 'iadvize-onsite' });
  const { conversationId } = await thread.say();
  const handle = stage.foreign.workflow.getHandle(thread.workflowId);
  const ask = (name: string, command: object) =>
    handle.executeUpdate<unknown, [unknown]>(name, {
      args: [{ conversationId, command: { commandId: 'forged', ...command } }],
    });
  const root = { kind: 'supervisor', id: 'root', role: 'super-administrator', scopes: ['tenant'] };
  const lease = { granted: 'forged' };
  expect(await ask('assign', { caller: agent('eva'), to: 'eva', lease })).toMatchObject({ reason: 'FEATURE_DISABLED' });
  expect(await ask('cancel', { caller: root })).toMatchObject({ kind: 'refused', reason: 'FEATURE_DISABLED' });
  expect(await ask('addNote', { caller: root, noteId: 'n' })).toMatchObject({ reason: 'FEATURE_DISABLED' });
  expect(await ask('erase', { caller: root })).toMatchObject({ kind: 'refused', reason: 'FEATURE_DISABLED' });
  const presence: [unknown] = [{ presence: { online: true, authenticated: true } }];
  expect(await handle.executeUpdate<unknown, [unknown]>('presence', { args: presence })).toMatchObject({
    reason: 'FORBIDDEN_ROLE',
  });
  const started = thread.update({ presence: { online: true, authenticated: true }, previous: null });
  expect(await handle.executeUpdate<unknown, [unknown]>('message', { args: [started] })).toMatchObject({
    reason: 'FORBIDDEN_ROLE',
  });
  const closed = await ask('close', { caller: root, bulk: true, commentId: 'c_1' });
  expect(closed).toMatchObject({
    kind: 'done',
    conversation: {
      closing: { closeKind: 'api', commentId: null, closedBy: { kind: 'integration', id: 'unsigned' } },
      survey: { decision: 'requested' },
    },
  });
});

test('a run that no service of ours started ends at once', async () => {
  const thread = new Thread(stage);
  const handle = await stage.foreign.workflow.start('conversation', {
    workflowId: thread.workflowId,
    taskQueue: 'conversations',
    args: [{ ...thread.input, lingerMs: 0 }],
  });
  expect(await handle.result()).toBeNull();
  await thread.say();
});

test('an Update that nobody can read is refused without a trace', async () => {
  const thread = new Thread(stage);
  const { conversationId } = await thread.say();
  const handle = stage.signed.workflow.getHandle(thread.workflowId);
  for (const update of [null, [], 'close', { conversationId }, { conversationId, command: { commandId: 'x' } }]) {
    await expect(handle.executeUpdate<unknown, [unknown]>('close', { args: [update] })).rejects.toThrow(
      'Workflow Update failed',
    );
  }
  await expect(handle.executeUpdate<unknown, [unknown]>('unheardOf', { args: [{}] })).rejects.toThrow(
    'Workflow Update failed',
  );
  const { events } = await handle.fetchHistory();
  const accepted = events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  // The message alone.
  expect(accepted).toHaveLength(1);
});
