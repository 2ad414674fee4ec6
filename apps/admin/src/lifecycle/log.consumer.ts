import { Counter, Gauge } from 'prom-client';
import { TOPICS } from '@parley/contracts/envelope';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import { Poison } from '@parley/lifecycle-log/failure';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import {
  readAudit,
  readConfiguration,
  readLifecycle,
  readMessage,
  readState,
  type Read,
} from '@parley/lifecycle-log/read-lifecycle';
import type { Metrics } from '@parley/service/metrics';
import type { ServiceLog } from '@parley/service/tokens';
import type { Audit } from '../audit/audit.js';
import type { ConfigurationStore } from '../configuration/configuration.store.js';
import type { LifecycleProjector } from './lifecycle.projector.js';
import type { StateEcho } from './state.echo.js';

export const ADMIN_GROUP = 'admin';
export const ADMIN_TOPICS = [TOPICS.lifecycle, TOPICS.messages, TOPICS.state, TOPICS.audit, TOPICS.configuration];

interface Folds {
  readonly projector: LifecycleProjector;
  readonly echo: StateEcho;
  readonly audit: Audit;
  readonly configuration: ConfigurationStore;
}

/** Every record that this service reads, to the fold it belongs to. */
export class LogConsumer {
  readonly #records: Counter;
  readonly #age: Gauge;

  constructor(
    private readonly folds: Folds,
    private readonly log: ServiceLog,
    metrics: Metrics,
  ) {
    const registers = [metrics.registry];
    const help = 'Records of the log, by what became of them.';
    this.#records = new Counter({ name: 'admin_log_records_total', help, labelNames: ['topic', 'outcome'], registers });
    const ageHelp = 'Seconds from the writing of the record last folded to its fold.';
    this.#age = new Gauge({ name: 'admin_fold_age_seconds', help: ageHelp, labelNames: ['topic'], registers });
  }

  async handle(record: LogRecord): Promise<void> {
    const outcome = await this.#fold(record);
    this.#records.inc({ topic: record.topic, outcome });
    this.#age.set({ topic: record.topic }, Math.max(0, Date.now() - Number(record.timestamp)) / 1000);
  }

  async #fold(record: LogRecord): Promise<string> {
    const { projector, audit, configuration } = this.folds;
    switch (record.topic) {
      case TOPICS.lifecycle:
        return this.#lived(readLifecycle(record));
      case TOPICS.messages:
        return folded(readMessage(record), async (event) => this.#told(event, await projector.project(event)));
      case TOPICS.audit:
        return folded(readAudit(record), async (event) => done(await audit.keep(event)));
      case TOPICS.configuration:
        return folded(readConfiguration(record), async (event) => done(await configuration.fold(event)));
      case TOPICS.state:
        return this.#echoed(record);
      default:
        throw new Poison(`Nobody here reads ${record.topic}.`);
    }
  }

  /** One of a newer type is not understood, but what comes after it is. */
  async #lived(read: Read<LifecycleEvent>): Promise<string> {
    const { projector } = this.folds;
    if (read.kind !== 'unknown-type' || !read.event)
      return folded(read, async (event) => this.#told(event, await projector.project(event)));
    this.#told(read.event, await projector.project(read.event));
    return read.kind;
  }

  async #echoed(record: LogRecord): Promise<string> {
    const read = readState(record);
    if (read.kind === 'tombstone') return 'tombstone';
    const time = new Date(Number(record.timestamp)).toISOString();
    return folded(read, (view) => this.folds.echo.hear(view, time));
  }

  /** A gap is an alarm: an event is missing, and nothing of this conversation is shown as newer until it comes. */
  #told({ conversationId, threadid }: { conversationId: string; threadid: string }, outcome: string): string {
    if (outcome === 'gap')
      this.log.error({ conversationId, threadid }, 'an event is missing; the conversation is parked');
    return outcome;
  }
}

const done = (_: void): string => 'folded';

async function folded<T>(read: Read<T>, fold: (event: T) => Promise<string>): Promise<string> {
  switch (read.kind) {
    case 'event':
      return fold(read.event);
    case 'unknown-type':
      return 'unknown-type';
    case 'poison':
      throw new Poison(read.reason);
  }
}
