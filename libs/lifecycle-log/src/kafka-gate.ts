import type { Kafka } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';
import { warningsOnly } from './log.js';
import { backoffMs, closeAlsoLate, pause, withinMs } from './patience.js';

/** One per process: while Kafka is away everybody waits here, and one prober asks (400 waiting conversations cost nothing). */
export interface KafkaGate {
  isUp(): boolean;
  /** Resolves when Kafka answers; rejects only when the signal aborts or the gate stops. */
  whenUp(signal?: AbortSignal): Promise<void>;
  /** A send failed: closed until the prober has had an answer. */
  close(): void;
  stop(): Promise<void>;
}

export interface GateOptions extends KafkaAddress {
  /** Kafka is up when each partition of these has a leader. */
  topics: string[];
  probeMs?: number;
}

const PROBE_MS = 500;
const LONGEST_PROBE_MS = 2_000;
const PROBE_ANSWER_MS = 5_000;

export function createKafkaGate(options: GateOptions): KafkaGate {
  return new Gate(options);
}

class Gate implements KafkaGate {
  private readonly kafka: Kafka;
  private readonly stopping = new AbortController();
  private opened = Promise.withResolvers<void>();
  private up = false;
  private probing: Promise<void>;

  constructor(private readonly options: GateOptions) {
    this.kafka = kafkaClient(options);
    this.opened.promise.catch(() => undefined);
    this.probing = this.probe();
  }

  isUp(): boolean {
    return this.up;
  }

  async whenUp(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.up) return;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.opened.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  close(): void {
    if (!this.up || this.stopping.signal.aborted) return;
    this.up = false;
    this.opened = Promise.withResolvers<void>();
    this.opened.promise.catch(() => undefined);
    this.probing = this.probe();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.probing;
    this.up = false;
    this.opened.reject(new Error('The gate to Kafka has stopped.'));
  }

  private async probe(): Promise<void> {
    const { signal } = this.stopping;
    const first = this.options.probeMs ?? PROBE_MS;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      if (await this.answers()) return this.open();
      await pause(backoffMs(attempt, first, LONGEST_PROBE_MS), signal);
    }
  }

  private open(): void {
    this.up = true;
    this.opened.resolve();
  }

  private async answers(): Promise<boolean> {
    const admin = this.kafka.admin({ retry: { retries: 0 } });
    const connecting = admin.connect();
    const asked = connecting.then(() => admin.fetchTopicMetadata({ topics: this.options.topics }));
    const log = this.options.log ?? warningsOnly;
    try {
      const answer = await withinMs(PROBE_ANSWER_MS, asked);
      if (answer === 'late') return false;
      return answer.topics.every((topic) => topic.partitions.every((partition) => partition.leader >= 0));
    } catch (error) {
      log('debug', 'kafka: not up', { error: String(error) });
      return false;
    } finally {
      await closeAlsoLate(connecting, () => admin.disconnect());
    }
  }
}
