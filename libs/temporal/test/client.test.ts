import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '@parley/contracts/actor';
import { conversationIdOf } from '@parley/contracts/identifiers';
import { ConversationClient } from '../src/client.js';
import type { Reply } from '../src/patience.js';
import { FakeTemporal, type Reaction } from './fake-temporal.js';

const secret = 'correct horse battery staple and more';
const threadId = `th_${'a'.repeat(22)}`;
const conversationId = conversationIdOf(threadId, '00000000-0000-0000-0000-123456789abc', 1);
const caller: Caller = { kind: 'supervisor', id: 'manager-1', role: 'manager', scopes: [] };

let server: FakeTemporal;
let client: ConversationClient;
const clientOf = (port: number) =>
  new ConversationClient({ address: `127.0.0.1:${port}`, namespace: 'default', secret });
beforeEach(async () => {
  server = await new FakeTemporal(secret).start();
  client = clientOf(server.port);
});
afterEach(async () => {
  await client.close();
  server.stop();
});

const close = (commandId = 'cmd:1', deadlineMs?: number) =>
  client.command(
    'demo',
    conversationId,
    'close',
    { commandId, caller },
    deadlineMs === undefined ? {} : { deadlineMs },
  );
const timed = async <T>(run: () => Promise<T>): Promise<{ result: T; ms: number }> => {
  const startedAt = performance.now();
  return { result: await run(), ms: performance.now() - startedAt };
};
const done: Reply<unknown> = { kind: 'answer', answer: { kind: 'done' } };

const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const closing: Reaction = { code: RESOURCE_EXHAUSTED, details: 'workflow is closing' };

test('an Update goes by its name, with the command’s id, to the workflow of the thread', async () => {
  expect(await close('cmd:abc')).toEqual(done);
  expect(server.heard).toMatchObject([
    { name: 'close', updateId: 'cmd:abc', workflowId: `conversation/demo/${threadId}` },
  ]);
});

describe('asked again at once, with the same id', () => {
  test.each([
    ['workflow is closing', closing],
    [
      'too many Updates in flight',
      { code: RESOURCE_EXHAUSTED, details: 'limit on number of concurrent in-flight updates has been reached (10)' },
    ],
    ['an unexpected workflow task failure', { code: FAILED_PRECONDITION, details: 'unexpected workflow task failure' }],
    ['an aborted Update', { code: UNAVAILABLE, details: 'workflow update was aborted' }],
    ['a server that is still finding itself', { code: UNAVAILABLE, details: 'Not enough hosts to serve the request' }],
  ] as [string, Reaction][])('%s', async (_, reaction) => {
    server.reactions = [reaction, reaction, reaction];
    const { result, ms } = await timed(close);
    expect(result).toEqual(done);
    expect(server.heard.map(({ updateId }) => updateId)).toEqual(['cmd:1', 'cmd:1', 'cmd:1', 'cmd:1']);
    expect(ms).toBeLessThan(1500);
  });
  test('within 25 to 200 ms each', async () => {
    server.reactions = Array.from({ length: 8 }, () => closing);
    await close();
    const pauses = server.heard.slice(1).map(({ at }, before) => at - (server.heard[before]?.at ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThan(10);
    // One of them may meet a machine that stands still.
    expect(pauses.toSorted((a, b) => a - b).at(-2)).toBeLessThan(400);
  });
});

describe('and when it does not end', () => {
  test('a run that goes on closing is unavailable: nothing happened', async () => {
    server.otherwise = closing;
    const { result, ms } = await timed(() => close('cmd:1', 1000));
    expect(result).toEqual({ kind: 'unavailable', why: 'workflow is closing' });
    expect(ms).toBeLessThan(1900);
  });
  test('a task that goes on failing has an unknown outcome: one of them may have counted', async () => {
    server.otherwise = { code: FAILED_PRECONDITION, details: 'unexpected workflow task failure' };
    expect(await close('cmd:1', 1000)).toEqual({ kind: 'unknown-outcome', why: 'unexpected workflow task failure' });
  });
  test('a server on its way out is given up within 2 s', async () => {
    server.otherwise = { code: UNAVAILABLE, details: 'shutting down' };
    const { result, ms } = await timed(close);
    expect(result).toEqual({ kind: 'unknown-outcome', why: 'shutting down' });
    expect(ms).toBeLessThan(2000);
  });
  test('silence ends at the deadline', async () => {
    server.otherwise = 'silence';
    const { result, ms } = await timed(() => close('cmd:1', 700));
    expect(result.kind).toBe('unknown-outcome');
    expect(ms).toBeLessThan(1500);
    expect(ms).toBeGreaterThan(650);
  });
  test('silence after a refusal is unknown too', async () => {
    server.reactions = [closing, 'silence'];
    expect((await close('cmd:1', 700)).kind).toBe('unknown-outcome');
  });
});

test.each([
  ['no run', { code: 5, details: 'workflow not found for ID: x' }, 'not-found'],
  ['a run that is over', { code: 5, details: 'workflow execution already completed' }, 'not-found'],
  [
    'a task that keeps failing after a bad deploy',
    {
      code: FAILED_PRECONDITION,
      details: 'Unable to perform workflow execution update due to Workflow Task in failed state.',
    },
    'unavailable',
  ],
  [
    'the limit of Updates in a run',
    {
      code: FAILED_PRECONDITION,
      details: 'limit on the total number of distinct updates in this workflow has been reached (2000)',
    },
    'unavailable',
  ],
  ['no permission', { code: 7, details: 'Request unauthorized.' }, 'unavailable'],
  ['a fault of the server', { code: 13, details: 'boom' }, 'unknown-outcome'],
] as [string, Reaction, string][])('%s', async (_, reaction, kind) => {
  server.otherwise = reaction;
  const { result, ms } = await timed(() => close('cmd:1', 2000));
  expect(result.kind).toBe(kind);
  expect(ms).toBeLessThan(1000);
});

describe('Temporal away', () => {
  test('is unavailable within 2 s, and over as soon as it is back', async () => {
    expect(await close()).toEqual(done);
    const { port } = server;
    server.stop();
    // A call in the very moment of the end may have been heard; once the end is noticed, none is.
    await client.isReachable(50);
    await close();
    const { result, ms } = await timed(close);
    expect(result.kind).toBe('unavailable');
    expect(ms).toBeLessThan(2000);
    server = await new FakeTemporal(secret).start(port);
    const back = await timed(close);
    expect(back.result).toEqual(done);
    expect(back.ms).toBeLessThan(1500);
  });
  test('from the beginning, too', async () => {
    server.stop();
    const own = clientOf(server.port);
    expect((await timed(() => own.isReachable(300))).result).toBe(false);
    await own.close();
  });
  test('going while a command is under way is an unknown outcome', async () => {
    server.otherwise = 'silence';
    const asked = timed(close);
    while (server.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    server.stop();
    const { result, ms } = await asked;
    expect(result.kind).toBe('unknown-outcome');
    expect(ms).toBeLessThan(3500);
  });
  test('a port that takes connections and says nothing', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    const own = clientOf(typeof address === 'object' ? (address?.port ?? 0) : 0);
    const { result, ms } = await timed(() =>
      own.command('demo', conversationId, 'close', { commandId: 'cmd:1', caller }),
    );
    expect(result.kind).toBe('unavailable');
    expect(ms).toBeLessThan(2000);
    await own.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });
});

test('fifty at once for one conversation: five in flight, each its answer; another conversation waits for none of them', async () => {
  server.delayMs = 20;
  const other = conversationIdOf(`th_${'b'.repeat(22)}`, '00000000-0000-0000-0000-123456789abc', 1);
  const startedAt = performance.now();
  const fifty = Array.from({ length: 50 }, (_, n) => close(`cmd:${n}`));
  const aside = await timed(() => client.command('demo', other, 'close', { commandId: 'cmd:x', caller }));
  expect(await Promise.all(fifty)).toEqual(fifty.map(() => done));
  expect(aside.ms).toBeLessThan((performance.now() - startedAt) / 2);
  expect(server.mostInFlight).toBeLessThanOrEqual(6);
  expect(new Set(server.heard.map(({ updateId }) => updateId)).size).toBe(51);
});

test('who waits in line past the deadline was never sent', async () => {
  server.otherwise = 'silence';
  const first = Array.from({ length: 5 }, (_, n) => close(`cmd:${n}`, 600));
  const late = await close('cmd:late', 200);
  expect(late).toEqual({ kind: 'unavailable', why: 'too many calls for this conversation at once' });
  expect((await Promise.all(first)).map(({ kind }) => kind)).toEqual(Array(5).fill('unknown-outcome'));
  expect(server.heard.map(({ updateId }) => updateId)).not.toContain('cmd:late');
});

test.each(['../../etc/passwd', 'cnv_1', '', 'conversation/other/th_x', 'cnv_'.padEnd(200, 'a')])(
  'a conversationId %j that is none of ours reaches nobody',
  async (id) => {
    expect(await client.command('demo', id, 'close', { commandId: 'cmd:1', caller })).toEqual({ kind: 'not-found' });
    expect(await client.state('demo', id)).toEqual({ kind: 'not-found' });
    expect(server.heard).toEqual([]);
  },
);
