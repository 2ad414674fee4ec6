import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { startConsumer } from '@parley/lifecycle-log/consumer';
import { startOutbox } from '@parley/persistence/outbox';
import { isUnavailable } from '@parley/persistence/unavailable';
import { Health } from '@parley/service/health';
import { Metrics } from '@parley/service/metrics';
import { Shutdown } from '@parley/service/shutdown';
import { logOf, type AdminParts } from './admin.parts.js';
import { Audit } from './audit/audit.js';
import { ConfigurationStore } from './configuration/configuration.store.js';
import { ConversationRow } from './lifecycle/conversation.entity.js';
import { LifecycleProjector } from './lifecycle/lifecycle.projector.js';
import { ADMIN_GROUP, ADMIN_TOPICS, LogConsumer } from './lifecycle/log.consumer.js';
import { StateEcho } from './lifecycle/state.echo.js';
import { ADMIN_PARTS } from './parts.js';
import { seedDemo } from './seed/seed.js';

const SWEEP_MS = 600_000;
/** Each takes one connection while it folds; the requests need theirs. */
const PARTITIONS_AT_ONCE = 5;

/** What goes on beside the requests: the seed, the outbox, the folds; and how they are looked at and ended. */
@Injectable()
export class Upkeep implements OnApplicationBootstrap {
  constructor(
    @Inject(ADMIN_PARTS) private readonly parts: AdminParts,
    private readonly configuration: ConfigurationStore,
    private readonly audit: Audit,
    private readonly health: Health,
    private readonly metrics: Metrics,
    private readonly shutdown: Shutdown,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { settings, database } = this.parts;
    if (settings.PARLEY_SEED === 'demo') await seedDemo(database, this.configuration);
    this.parts.temporal.onUpdate(this.metrics.observeUpdate);
    this.relay();
    this.consume();
    this.sweep();
    this.lookAfter();
  }

  private relay(): void {
    const { database, publisher, gate, log } = this.parts;
    const outbox = startOutbox(database, (topic, records) => publisher.publish(topic, records), {
      gate,
      log: logOf(log),
    });
    this.shutdown.on('producers', async () => {
      await outbox.stop();
      await publisher.stop();
      await gate.stop();
    });
  }

  private consume(): void {
    const { settings, database, log } = this.parts;
    const projector = new LifecycleProjector(database, settings.PUBLIC_URL);
    const echo = new StateEcho(database, projector);
    const folds = { projector, echo, audit: this.audit, configuration: this.configuration };
    const consumer = new LogConsumer(folds, log, this.metrics);
    const handle = startConsumer({
      brokers: settings.KAFKA_BROKERS,
      group: ADMIN_GROUP,
      topics: ADMIN_TOPICS,
      handle: (record) => consumer.handle(record),
      isRetriable: isUnavailable,
      onGiveUp: (reason) => {
        log.fatal({ reason }, 'the consumer makes no progress');
        process.exit(1);
      },
      partitionsAtOnce: PARTITIONS_AT_ONCE,
      log: logOf(log),
    });
    this.shutdown.on('consumers', () => handle.stop());
    this.measure(() => handle.health().lag);
    this.health.add({
      name: 'log',
      check: async () => {
        const { state, lag, reason } = handle.health();
        return {
          up: state === 'moving' || state === 'idle',
          detail: `${state}, ${lag} behind${reason ? `: ${reason}` : ''}`,
        };
      },
    });
  }

  private measure(lag: () => number): void {
    const { database } = this.parts;
    const registers = [this.metrics.registry];
    new Gauge({
      name: 'admin_log_lag_records',
      help: 'Records that our partitions are behind, as last seen.',
      registers,
      collect() {
        this.set(lag());
      },
    });
    new Gauge({
      name: 'admin_conversations_parked',
      help: 'Conversations of which an event is missing; anything but 0 is an alarm.',
      registers,
      async collect() {
        const count = await database
          .acrossTenants((em) => em.count(ConversationRow, { gapAt: { $ne: null } }))
          .catch(() => Number.NaN);
        this.set(count);
      },
    });
  }

  private sweep(): void {
    const { idempotency, log } = this.parts;
    const stopping = new AbortController();
    const sweeping = setInterval(() => {
      idempotency
        .sweep(stopping.signal)
        .catch((error: unknown) => log.warn({ err: error }, 'old answers could not be forgotten'));
    }, SWEEP_MS);
    this.shutdown.on('workers', () => {
      stopping.abort();
      clearInterval(sweeping);
    });
  }

  private lookAfter(): void {
    const { database, vault, temporal, gate } = this.parts;
    this.health.add({
      name: 'database',
      vital: true,
      check: async () => {
        await database.ping();
        return true;
      },
    });
    this.health.add({ name: 'temporal', check: () => temporal.isReachable() });
    this.health.add({ name: 'kafka', check: async () => gate.isUp() });
    this.shutdown.on('database', async () => {
      await temporal.close();
      await vault.close();
      await database.close();
    });
  }
}
