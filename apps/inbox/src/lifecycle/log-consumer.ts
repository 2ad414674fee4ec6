import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TOPICS } from '@parley/contracts/envelope';
import type { Settings } from '@parley/contracts/settings';
import { startConsumer } from '@parley/lifecycle-log/consumer';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import { isUnavailable } from '@parley/persistence/unavailable';
import { Health } from '@parley/service/health';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';
import { ConfigurationFold } from '../configuration/configuration.fold.js';
import { kafkaLog } from './kafka-log.js';
import { LifecycleProjector } from './lifecycle.projector.js';

const GROUP = 'inbox';

/** Follows the logs that we fold; replicas share the partitions. */
@Injectable()
export class LogConsumer implements OnApplicationBootstrap {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly projector: LifecycleProjector,
    private readonly configuration: ConfigurationFold,
    private readonly health: Health,
    private readonly shutdown: Shutdown,
  ) {}

  onApplicationBootstrap(): void {
    const consumer = startConsumer({
      brokers: this.settings.KAFKA_BROKERS,
      group: GROUP,
      topics: [TOPICS.lifecycle, TOPICS.configuration],
      handle: (record) => this.#handle(record),
      isRetriable: isUnavailable,
      onGiveUp: (reason) => {
        this.log.fatal({ reason }, 'the consumer makes no progress');
        process.exit(1);
      },
      log: kafkaLog(this.log),
    });
    this.shutdown.on('consumers', () => consumer.stop());
    this.health.add({
      name: `consumer ${GROUP}`,
      check: async () => {
        const { state, lag, reason } = consumer.health();
        return {
          up: state === 'moving' || state === 'idle',
          detail: `${state}, lag ${lag}${reason ? `: ${reason}` : ''}`,
        };
      },
    });
  }

  #handle(record: LogRecord): Promise<void> {
    return record.topic === TOPICS.configuration ? this.configuration.fold(record) : this.projector.fold(record);
  }
}
