import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Runtime, Worker, type Logger, type WorkerOptions } from '@temporalio/worker';
import { dataConverter } from './data-converter.js';
import type { SigningSecrets } from './signing-codec.js';

/** What pino and the SDK agree on. */
export interface WorkerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WorkerHostOptions extends SigningSecrets {
  /** host:port */
  address: string;
  namespace: string;
  taskQueue: string;
  log: WorkerLog;
  /** Without it the worker runs activities alone. */
  workflowBundle?: { code: string } | { codePath: string };
  activities?: object;
  /** Default 100; publishing wants >= 2,000, for an activity that waits for Kafka costs nothing. */
  activitySlots?: number;
  /**
   * Default 1,000. Each cached conversation holds about 1 MB less than the SDK assumes, but isolates are native memory,
   * and the SDK's own formula overshoots a container (TS#1843); beyond it a conversation is replayed, which is short.
   */
  maxCachedWorkflows?: number;
  /** 127.0.0.1:port of Temporal's own Prometheus endpoint; once per process. */
  metricsAddress?: string;
}

export interface WorkerHost {
  state(): 'connecting' | 'running' | 'stopped';
  /** Resolves once the worker polls for the first time. */
  started: Promise<void>;
  /** Takes no more work, gives what runs 10 s, and resolves when all of it is over (15 s at most). */
  stop(): Promise<void>;
}

const RECONNECT_MS = 1000;
const MAX_CACHED_WORKFLOWS = 1000;
const ACTIVITY_SLOTS = 100;

/** Runs a worker for as long as the process wants one; Temporal may be away, come and go. */
export function runWorker(options: WorkerHostOptions): WorkerHost {
  installRuntime(options);
  const host = new Host(options);
  return { state: () => host.state, started: host.started, stop: () => host.stop() };
}

class Host {
  state: 'connecting' | 'running' | 'stopped' = 'connecting';
  readonly started: Promise<void>;
  private announceStart: () => void = () => undefined;
  private worker: Worker | undefined;
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;

  constructor(private readonly options: WorkerHostOptions) {
    this.started = new Promise((resolve) => (this.announceStart = resolve));
    this.ended = this.keepRunning();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.worker?.getState() === 'RUNNING') this.worker.shutdown();
    await this.ended;
  }

  private async keepRunning(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.state = 'connecting';
      try {
        await this.runOnce();
      } catch (error) {
        this.options.log.warn({ error: String(error), taskQueue: this.options.taskQueue }, 'worker without Temporal');
      }
      if (!this.stopping.signal.aborted) await sleep(RECONNECT_MS);
    }
    this.state = 'stopped';
  }

  private async runOnce(): Promise<void> {
    const connection = await NativeConnection.connect({ address: this.options.address });
    try {
      this.worker = await Worker.create({ ...workerOptions(this.options), connection });
      const ended = this.worker.run();
      this.state = 'running';
      this.announceStart();
      if (this.stopping.signal.aborted) this.worker.shutdown();
      await ended;
    } finally {
      this.worker = undefined;
      await connection.close();
    }
  }
}

function workerOptions(options: WorkerHostOptions): WorkerOptions {
  const { namespace, taskQueue, workflowBundle, activities, activitySlots, maxCachedWorkflows, ...rest } = options;
  return {
    namespace,
    taskQueue,
    dataConverter: dataConverter(rest),
    ...(workflowBundle && { workflowBundle, maxCachedWorkflows: maxCachedWorkflows ?? MAX_CACHED_WORKFLOWS }),
    ...(activities && { activities }),
    maxConcurrentActivityTaskExecutions: activitySlots ?? ACTIVITY_SLOTS,
    // A worker killed with -9 must not hold its conversations for the default of 10 s.
    stickyQueueScheduleToStartTimeout: '2 seconds',
    shutdownGraceTime: '10 seconds',
    shutdownForceTime: '15 seconds',
  };
}

let runtimeInstalled = false;

/** Once per process: signals are ours to handle (graceful shutdown), logs go where all logs go. */
function installRuntime({ log, metricsAddress }: WorkerHostOptions): void {
  if (runtimeInstalled) return;
  runtimeInstalled = true;
  Runtime.install({
    logger: loggerFrom(log),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } },
      ...(metricsAddress !== undefined && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}

const LEVELS = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function loggerFrom(log: WorkerLog): Logger {
  const at =
    (level: keyof typeof LEVELS) =>
    (message: string, meta: object = {}): void =>
      log[LEVELS[level]]({ temporal: meta }, message);
  return {
    log: (level, message, meta) => at(level)(message, meta),
    trace: at('TRACE'),
    debug: at('DEBUG'),
    info: at('INFO'),
    warn: at('WARN'),
    error: at('ERROR'),
  };
}
