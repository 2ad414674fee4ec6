import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { freePort } from '../../deploy/local/ports.ts';
import { at } from '../end-to-end/stack.ts';
import type { Step } from './bare.workflow.ts';

const TASK_QUEUE = 'bench-bare';

/**
 * As many bytes as Parley's own Updates carry and answer and as its activities publish, read from the history of a life
 * (message, pick, reply, close). `npm run bench -- throughput` prints both histories beside each other.
 */
const LIFE: readonly (Pick<Step, 'answerBytes' | 'publishBytes'> & { carries: number })[] = [
  { carries: 1600, answerBytes: 255, publishBytes: 2380 },
  { carries: 355, answerBytes: 1050, publishBytes: 615 },
  { carries: 355, answerBytes: 1075, publishBytes: 595 },
  { carries: 270, answerBytes: 1520, publishBytes: 1645 },
];
/** A command in the middle of a life. */
const MIDDLE = 1;

export interface Bare {
  pid: number;
  metricsUrl: string;
  /** One life: start, pick, reply, close; each an acknowledged Update, each published by an activity. Answers its id. */
  live(): Promise<string>;
  /** A life that has begun, for {@link command}. */
  begin(): Promise<string>;
  command(workflowId: string): Promise<void>;
  stop(): Promise<void>;
}

/** Temporal without Parley, on the same server, with a worker in a process of its own. */
export async function startBare(): Promise<Bare> {
  const metricsAddress = `127.0.0.1:${await freePort()}`;
  const file = new URL('./bare.worker.ts', import.meta.url).pathname;
  const worker = fork(file, [at('temporal'), at('temporalNamespace'), TASK_QUEUE, metricsAddress]);
  await Promise.race([once(worker, 'message'), once(worker, 'exit').then(died)]);
  const connection = await Connection.connect({ address: at('temporal') });
  const client = new Client({ connection, namespace: at('temporalNamespace') });
  return {
    pid: worker.pid ?? 0,
    metricsUrl: `http://${metricsAddress}/metrics`,
    live: async () => {
      const workflowId = await begin(client);
      for (let index = 1; index < LIFE.length; index += 1) await update(client, workflowId, index);
      return workflowId;
    },
    begin: () => begin(client),
    command: (workflowId) => update(client, workflowId, MIDDLE),
    stop: async () => {
      const ended = once(worker, 'exit');
      worker.disconnect();
      await ended;
      await connection.close();
    },
  };
}

function died(): never {
  throw new Error('the worker of bare Temporal ended before it was ready');
}

function argsOf(index: number): [Step] {
  const { carries = 0, answerBytes = 0, publishBytes = 0 } = LIFE[index] ?? {};
  return [{ filler: 'x'.repeat(carries), answerBytes, publishBytes, isLast: index === LIFE.length - 1 }];
}

async function begin(client: Client): Promise<string> {
  const workflowId = `bare-${randomUUID()}`;
  const startWorkflowOperation = new WithStartWorkflowOperation('bare', {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [],
    workflowIdConflictPolicy: 'FAIL',
    workflowTaskTimeout: '3 seconds',
  });
  await client.workflow.executeUpdateWithStart('step', { startWorkflowOperation, args: argsOf(0) });
  return workflowId;
}

async function update(client: Client, workflowId: string, index: number): Promise<void> {
  await client.workflow.getHandle(workflowId).executeUpdate('step', { args: argsOf(index) });
}
