import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import type { Caller } from '@parley/contracts/actor';
import { conversationIdOf, workflowIdOf } from '@parley/contracts/identifiers';
import type { MessageUpdate } from '@parley/contracts/protocol';
import { ConversationClient } from '../src/client.js';
import { runWorker, type WorkerHost } from '../src/worker-host.js';
import { buildWorkflowBundle } from '../src/workflow-bundle.js';

/** Where `npm start` and `npm test` have put it, or where somebody installed it. */
const folders = [
  join(process.env['PARLEY_LOCAL'] ?? fileURLToPath(new URL('../../../.local', import.meta.url)), 'parts'),
  ...(process.env['PATH'] ?? '').split(delimiter),
];
const binary = folders.map((folder) => join(folder, 'temporal')).find(existsSync);
/** `npm test`, which names its stack, and CI ask for everything: nothing is left out there without a word. */
const mustRun = ['CI', 'PARLEY_STACK'].some((name) => (process.env[name] ?? '') !== '');
const onRealServer = binary === undefined && !mustRun ? test.skip : test;

const secret = 'correct horse battery staple and more';
const caller: Caller = { kind: 'system', id: 'test', role: 'system', scopes: [] };
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });

let server: ChildProcess;
let host: WorkerHost;
let client: ConversationClient;
let address: string;
let bundle: { code: string };

beforeAll(async () => {
  if (binary === undefined && mustRun)
    throw new Error(`no temporal in ${folders[0]} or on the PATH: \`npm start\` brings one`);
  if (binary === undefined) return;
  const port = await freePort();
  address = `127.0.0.1:${port}`;
  client = new ConversationClient({ address, namespace: 'default', secret });
  bundle = await buildWorkflowBundle({
    workflowsPath: fileURLToPath(new URL('./small.workflow.ts', import.meta.url)),
  });
  // The worker comes first: it waits for its server.
  host = runWorker({
    address,
    namespace: 'default',
    secret,
    taskQueue: 'conversations',
    log,
    workflowBundle: bundle,
    activities: {},
  });
  const args = [
    'server',
    'start-dev',
    '--headless',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--log-level',
    'never',
  ];
  server = spawn(binary, args, { stdio: 'ignore' });
  await host.started;
}, 60_000);
afterAll(async () => {
  if (binary === undefined) return;
  await host.stop();
  await client.close();
  server.kill('SIGKILL');
});

const newThread = () => {
  const threadId = `th_${randomBytes(16).toString('base64url')}`;
  const conversationId = conversationIdOf(threadId, '00000000-0000-0000-0000-123456789abc', 1);
  return {
    threadId,
    conversationId,
    close: (commandId: string) => client.command('demo', conversationId, 'close', { commandId, caller }),
    message: (messageId: string) => {
      const update: MessageUpdate = { messageId, author: 'visitor', caller, acceptedAt: '', length: 1, handedAt: '' };
      return client.messageWithStart('demo', threadId, update, {
        tenant: 'demo',
        threadId,
        lingerMs: 1,
        handedMs: 1,
      });
    },
  };
};

onRealServer('a run is started once; what we say is heard as signed; a repeat gets the first answer', async () => {
  const { close, message, conversationId, threadId } = newThread();
  expect(await close('cmd:1')).toEqual({ kind: 'not-found' });
  const first = {
    kind: 'answer',
    answer: { kind: 'placed', applied: 1, signed: true, tenant: 'demo', inputSigned: true },
  };
  expect([await message('m1'), await message('m1')]).toEqual([first, first]);
  const closed = { kind: 'answer', answer: { kind: 'done', outcome: 'closed 2', signed: true, undecodable: false } };
  expect([await close('cmd:1'), await close('cmd:1')]).toEqual([closed, closed]);
  expect(await client.state('demo', conversationId)).toEqual({
    kind: 'answer',
    answer: { conversationId, applied: 2 },
  });
  expect(await client.describe('demo', threadId)).toMatchObject({ kind: 'answer', answer: { status: 'RUNNING' } });
});

onRealServer('what others say is heard unsigned, also in our words', async () => {
  const { threadId, message, conversationId } = newThread();
  await message('m1');
  const connection = await Connection.connect({ address });
  const foreign = new Client({ connection });
  const handle = foreign.workflow.getHandle(workflowIdOf('demo', threadId));
  const answer = await handle.executeUpdate('close', {
    args: [{ conversationId, command: { commandId: 'cmd:x', caller } }],
  });
  expect(answer).toMatchObject({ outcome: 'closed 2', signed: false });
  await connection.close();
});

onRealServer('fifty at once are all answered, once each, within 5 s', async () => {
  const { close, message } = newThread();
  await message('m1');
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => close(`cmd:${n}`)));
  expect(answers.map(({ kind }) => kind)).toEqual(Array(50).fill('answer'));
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(new Set(answers.map((reply) => JSON.stringify(reply))).size).toBe(50);
});

onRealServer('a name that the worker does not know, and a namespace that is none, are unavailable', async () => {
  const { message, conversationId } = newThread();
  await message('m1');
  expect(await client.command('demo', conversationId, 'erase', { commandId: 'cmd:1', caller })).toMatchObject({
    kind: 'unavailable',
  });
  const lost = new ConversationClient({ address, namespace: 'nowhere', secret });
  expect(await lost.state('demo', conversationId)).toEqual({
    kind: 'unavailable',
    why: 'namespace not found: nowhere',
  });
  await lost.close();
});

onRealServer('a run that is over is not found', async () => {
  const { message, conversationId, close } = newThread();
  await message('m1');
  await client.command('demo', conversationId, 'cancel', { commandId: 'cmd:1', caller });
  let reply = await close('cmd:2');
  while (reply.kind === 'answer') reply = await close('cmd:2');
  expect(reply).toEqual({ kind: 'not-found' });
  expect(await client.state('demo', conversationId)).toEqual({ kind: 'not-found' });
});

onRealServer('a worker stops within its grace, another goes on with the same conversations', async () => {
  const { message, close } = newThread();
  await message('m1');
  const startedAt = performance.now();
  await host.stop();
  expect([host.state(), performance.now() - startedAt < 5000]).toEqual(['stopped', true]);
  host = runWorker({
    address,
    namespace: 'default',
    secret,
    taskQueue: 'conversations',
    log,
    workflowBundle: bundle,
  });
  await host.started;
  expect(await close('cmd:1')).toMatchObject({ kind: 'answer', answer: { outcome: 'closed 2' } });
});
