import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { at } from '../end-to-end/stack.ts';

const TASK_QUEUE = 'bench-bare';

/** As many bytes as our own start and events carry, so that both sides move the same. */
const event = (type: string, bytes: number): object => ({ type, filler: 'x'.repeat(bytes) });
const LIFE = [
  [event('started', 1400), event('queued', 600)],
  [event('assigned', 600)],
  [event('activated', 600)],
  [event('closed', 1200), event('survey', 600)],
] as const;

export interface Bare {
  /** One life: start, pick, reply, close; each an acknowledged Update, each published by an activity. */
  live(): Promise<void>;
  stop(): Promise<void>;
}

/** Temporal without Parley, on the same server, with a worker in this process. */
export async function startBare(): Promise<Bare> {
  const native = await NativeConnection.connect({ address: at('temporal') });
  const worker = await Worker.create({
    connection: native,
    namespace: at('temporalNamespace'),
    taskQueue: TASK_QUEUE,
    workflowsPath: new URL('./bare.workflow.ts', import.meta.url).pathname,
    activities: { publish: async (): Promise<void> => undefined },
    maxCachedWorkflows: 2000,
  });
  const running = worker.run();
  const connection = await Connection.connect({ address: at('temporal') });
  const client = new Client({ connection, namespace: at('temporalNamespace') });
  return {
    live: () => live(client),
    stop: async () => {
      worker.shutdown();
      await running;
      await connection.close();
      await native.close();
    },
  };
}

async function live(client: Client): Promise<void> {
  const workflowId = `bare-${randomUUID()}`;
  const start = new WithStartWorkflowOperation('bare', {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [],
    workflowIdConflictPolicy: 'FAIL',
  });
  for (const [index, events] of LIFE.entries()) {
    const args: [{ events: readonly object[]; last: boolean }] = [{ events, last: index === LIFE.length - 1 }];
    if (index === 0) await client.workflow.executeUpdateWithStart('step', { startWorkflowOperation: start, args });
    else await client.workflow.getHandle(workflowId).executeUpdate('step', { args });
  }
}
