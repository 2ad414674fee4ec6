import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

// A process of its own, as Parley's worker is: with its two queues, its two connections, its slots and its cache
// (libs/temporal/src/worker-host.ts, apps/worker/src/worker.module.ts); pollers are the SDK's default on both sides.

const [address = '', namespace = '', taskQueue = '', metricsAddress = ''] = process.argv.slice(2);

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  shutdownSignals: [],
  telemetryOptions: {
    logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } },
    metrics: { prometheus: { bindAddress: metricsAddress } },
  },
});
const workflows = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  namespace,
  taskQueue,
  workflowsPath: new URL('./bare.workflow.ts', import.meta.url).pathname,
  maxCachedWorkflows: 1000,
  stickyQueueScheduleToStartTimeout: '2 seconds',
});
const publishing = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  namespace,
  taskQueue: `${taskQueue}-publishing`,
  // Parley's answers as many bytes.
  activities: { publish: async (): Promise<object> => ({ published: 'x'.repeat(30) }) },
  maxConcurrentActivityTaskExecutions: 2500,
});
const running = [workflows, publishing].map((worker) => worker.run());
// Whoever started us tells us to go, or is gone.
process.once('disconnect', () => {
  for (const worker of [workflows, publishing]) worker.shutdown();
});
process.send?.('ready');
await Promise.all(running);
process.exit(0);
