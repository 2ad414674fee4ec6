import { Module, type DynamicModule } from '@nestjs/common';
import { TOPICS, type Topic } from '@parley/contracts/envelope';
import { TASK_QUEUES } from '@parley/contracts/protocol';
import type { Settings } from '@parley/contracts/settings';
import { createKafkaGate } from '@parley/lifecycle-log/kafka-gate';
import type { Log } from '@parley/lifecycle-log/log';
import { createPublisher } from '@parley/lifecycle-log/publisher';
import { Health } from '@parley/service/health';
import { Metrics } from '@parley/service/metrics';
import { Shutdown } from '@parley/service/shutdown';
import type { ServiceLog } from '@parley/service/tokens';
import { runWorker, type WorkerHost, type WorkerHostOptions } from '@parley/temporal/worker-host';
import { Counter, Gauge } from 'prom-client';
import { findBundle } from './bundle.js';
import { publishingActivities } from './publishing.activities.js';

/** An attempt that waits for Kafka costs nothing, one that finds no slot waits behind it. */
const PUBLISHING_SLOTS = 2500;

/** Hosts the conversations, and publishes what they decide; two queues, so that neither waits for the other. */
@Module({})
export class WorkerModule {
  static of(settings: Settings, log: ServiceLog): DynamicModule {
    const running = {
      provide: WorkerModule,
      useFactory: (health: Health, shutdown: Shutdown, metrics: Metrics) =>
        run({ settings, log, health, shutdown, metrics }),
      inject: [Health, Shutdown, Metrics],
    };
    return { module: WorkerModule, providers: [running] };
  }
}

interface Surroundings {
  settings: Settings;
  log: ServiceLog;
  health: Health;
  shutdown: Shutdown;
  metrics: Metrics;
}

async function run({ settings, log, health, shutdown, metrics }: Surroundings): Promise<WorkerModule> {
  const kafka = { brokers: settings.KAFKA_BROKERS, clientId: 'parley-worker', log: kafkaLog(log) };
  const gate = createKafkaGate({ ...kafka, topics: [TOPICS.lifecycle, TOPICS.audit] });
  const publisher = createPublisher({ ...kafka, gate });
  const { onPublished, watch } = measured(metrics);
  const activities = publishingActivities({ gate, publisher, publicUrl: settings.PUBLIC_URL, onPublished });
  const options = hostOptions(settings, log);
  const hosts = {
    conversations: runWorker({
      ...options,
      taskQueue: TASK_QUEUES.conversations,
      workflowBundle: await findBundle(),
    }),
    publishing: runWorker({
      ...options,
      taskQueue: TASK_QUEUES.publishing,
      activities,
      activitySlots: PUBLISHING_SLOTS,
    }),
  };
  watch(hosts, () => gate.isUp());
  health.add({ name: 'temporal', check: async () => Object.values(hosts).every((host) => host.state() === 'running') });
  health.add({ name: 'kafka', check: async () => gate.isUp() });
  shutdown.on('workers', async () => {
    // Who waits at a closed gate would wait out the grace; thrown out, it is tried again elsewhere.
    if (!gate.isUp()) await gate.stop();
    await Promise.all(Object.values(hosts).map((host) => host.stop()));
  });
  shutdown.on('producers', async () => {
    await gate.stop();
    await publisher.stop();
  });
  return new WorkerModule();
}

const hostOptions = (settings: Settings, log: ServiceLog): Omit<WorkerHostOptions, 'taskQueue'> => ({
  address: settings.TEMPORAL_ADDRESS,
  namespace: settings.TEMPORAL_NAMESPACE,
  secret: settings.PARLEY_SECRET,
  previousSecrets: settings.PARLEY_SECRET_PREVIOUS ?? [],
  log,
  ...(settings.TEMPORAL_METRICS_PORT !== undefined && {
    metricsAddress: `127.0.0.1:${settings.TEMPORAL_METRICS_PORT}`,
  }),
});

const kafkaLog =
  (log: ServiceLog): Log =>
  (level, message, details = {}) =>
    log[level](details, message);

function measured({ registry }: Metrics) {
  const published = new Counter({
    name: 'parley_published_records_total',
    help: 'Records that Kafka has acknowledged, by topic.',
    labelNames: ['topic'],
    registers: [registry],
  });
  const onPublished = (topic: Topic, records: number): void => published.inc({ topic }, records);
  const watch = (hosts: Record<string, WorkerHost>, isKafkaUp: () => boolean): void => {
    new Gauge({
      name: 'parley_kafka_up',
      help: 'Whether publishing goes on; 0: everybody waits at the gate.',
      registers: [registry],
      collect() {
        this.set(isKafkaUp() ? 1 : 0);
      },
    });
    new Gauge({
      name: 'parley_worker_running',
      help: 'Whether the worker of a task queue polls.',
      labelNames: ['queue'],
      registers: [registry],
      collect() {
        for (const [queue, host] of Object.entries(hosts)) this.set({ queue }, host.state() === 'running' ? 1 : 0);
      },
    });
  };
  return { onPublished, watch };
}
