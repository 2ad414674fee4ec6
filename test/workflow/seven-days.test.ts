import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EventOf, LifecycleEvent } from '@parley/contracts/lifecycle-event';
import { TASK_QUEUES } from '@parley/contracts/protocol';
import { ConversationClient } from '@parley/temporal/client';
import { dataConverter } from '@parley/temporal/data-converter';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { workflowBundle } from './bundle.js';
import { agent, command, manager, quietly, router, secret, Thread, type Placed } from './harness.js';
import { startTimeSkipping, type TimeSkipping } from './time-skipping-server.js';
import { until } from './until.js';
import { World } from './world.js';

const DAY_MS = 24 * 3600 * 1000;
const SEVEN_DAYS_MS = 7 * DAY_MS;

const world = new World();
let server: TimeSkipping;
let native: NativeConnection;
let signed: Client;
let client: ConversationClient;
const running: { worker: Worker; ended: Promise<void> }[] = [];
/** The server's clock, as it was read last; it stands still but for `pass` and the milliseconds of a test. */
let nowMs = 0;

beforeAll(async () => {
  quietly();
  server = await startTimeSkipping();
  native = await NativeConnection.connect({ address: server.address });
  signed = new Client({ connection: server.connection, dataConverter: dataConverter({ secret }) });
  client = new ConversationClient({ address: server.address, namespace: 'default', secret });
  await host(TASK_QUEUES.conversations, { workflowBundle: await workflowBundle() });
  await host(TASK_QUEUES.publishing, { activities: world.publishing });
  await host(TASK_QUEUES.inbox, { activities: world.inbox });
}, 120_000);

afterAll(async () => {
  running.forEach(({ worker }) => worker.shutdown());
  await Promise.all(running.map(({ ended }) => ended));
  await client.close();
  await native.close();
  await server.stop();
});

async function host(taskQueue: string, options: object): Promise<void> {
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    dataConverter: dataConverter({ secret }),
    shutdownGraceTime: '100 milliseconds',
    ...options,
  });
  running.push({ worker, ended: worker.run() });
}

async function pass(ms: number): Promise<void> {
  await server.pass(ms);
  nowMs = await server.nowMs();
}

/** Until so long after the last message was accepted; however long it took us to say it. */
async function passTo(msAfterMessage: number): Promise<void> {
  await pass(acceptedMs + msAfterMessage - (await server.nowMs()));
}
let acceptedMs = 0;

async function sayTo(thread: Thread): Promise<Placed> {
  acceptedMs = nowMs = await server.nowMs();
  return thread.say();
}

const threadOf = () => {
  return new Thread({ client, world, foreign: signed, signed }, { clock: () => new Date(nowMs) });
};
const statusOf = async (conversationId: string): Promise<unknown> => {
  const reply = await client.state('demo', conversationId);
  return reply.kind === 'answer' ? reply.answer.status : reply.kind;
};
/** The one close, at its deadline: never early, at most a second late. The server may run on after it, so the log is asked. */
async function naturalCloseOf(conversationId: string): Promise<EventOf<'conversation.closed'>> {
  const isArchived = ({ type }: LifecycleEvent) => type === 'conversation.archived';
  await until(() => world.lifeOf(conversationId).some(isArchived));
  const closings = world.lifeOf(conversationId).filter((event) => event.type === 'conversation.closed');
  expect(closings).toHaveLength(1);
  const [closed] = closings;
  if (closed === undefined) throw new Error('not closed');
  const lateMs = Date.parse(closed.time) - Date.parse(closed.deadlineAt ?? '');
  expect(lateMs).toBeGreaterThanOrEqual(0);
  expect(lateMs).toBeLessThan(1000);
  return closed;
}

const isRunning = async (thread: Thread): Promise<boolean> =>
  (await signed.workflow.getHandle(thread.workflowId).describe()).status.name === 'RUNNING';

test('B12: a second before seven days it is open, at seven days it is closed and archived by itself', async () => {
  const thread = threadOf();
  const { conversationId } = await sayTo(thread);
  await passTo(SEVEN_DAYS_MS - 1000);
  expect(await statusOf(conversationId)).toBe('pending');
  await passTo(SEVEN_DAYS_MS + 500);
  const closed = await naturalCloseOf(conversationId);
  expect(closed).toMatchObject({ closeKind: 'natural', closedBy: { kind: 'system' }, statsAgent: null });
  expect(world.lifeOf(conversationId).map(({ type }) => type)).toEqual([
    'conversation.started',
    'conversation.queued',
    'conversation.closed',
    'conversation.survey-requested',
    'conversation.archived',
  ]);
});

test('B12: a message from either side begins the seven days anew', async () => {
  const thread = threadOf();
  const { conversationId } = await sayTo(thread);
  await command({ client }, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
  await passTo(6 * DAY_MS);
  await sayTo(thread);
  await passTo(6 * DAY_MS);
  expect(await statusOf(conversationId)).toBe('assigned');
  acceptedMs = nowMs = await server.nowMs();
  await thread.answerAs('eva', conversationId);
  await passTo(SEVEN_DAYS_MS - 1000);
  expect(await statusOf(conversationId)).toBe('active');
  await passTo(SEVEN_DAYS_MS + 500);
  expect(await naturalCloseOf(conversationId)).toMatchObject({ statsAgent: 'eva' });
});

test('B12: pausing does not stop the clock, and seven days survive a continue-as-new', async () => {
  const thread = threadOf();
  const { conversationId } = await sayTo(thread);
  const handle = signed.workflow.getHandle(thread.workflowId);
  const { runId } = await handle.describe();
  await command({ client }, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
  for (let count = 0; count < 504; count += 8) {
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => thread.say()));
  }
  await command({ client }, conversationId, 'pause', { caller: agent('eva') });
  expect((await handle.describe()).runId).not.toBe(runId);
  await passTo(SEVEN_DAYS_MS - 1000);
  expect(await statusOf(conversationId)).toBe('paused');
  await passTo(SEVEN_DAYS_MS + 500);
  await naturalCloseOf(conversationId);
}, 120_000);

test('a run lingers a minute after its last conversation was named, by default, and ends', async () => {
  const thread = threadOf();
  const { conversationId } = await sayTo(thread);
  await command({ client }, conversationId, 'close', { caller: manager });
  await pass(40_000);
  await command({ client }, conversationId, 'addNote', { caller: manager, noteId: 'note_1' });
  await pass(55_000);
  expect(await isRunning(thread)).toBe(true);
  expect(world.archived.has(conversationId)).toBe(false);
  await pass(10_000);
  expect(await isRunning(thread)).toBe(false);
  expect(world.archived.get(conversationId)?.state.notes).toMatchObject([{ id: 'note_1', afterClose: true }]);
});

test('a message that waits in inbox is waited for, however long', async () => {
  const thread = threadOf();
  const { conversationId } = await sayTo(thread);
  world.messageWaits = (threadId) => threadId === thread.threadId;
  await passTo(SEVEN_DAYS_MS - 1000);
  const acceptedAt = new Date(nowMs).toISOString();
  await pass(60_000);
  expect(await statusOf(conversationId)).toBe('pending');
  world.messageWaits = () => false;
  expect(await thread.say({ acceptedAt })).toMatchObject({ conversationId, messageNumber: 2 });
  await pass(SEVEN_DAYS_MS - 120_000);
  expect(await statusOf(conversationId)).toBe('pending');
});
