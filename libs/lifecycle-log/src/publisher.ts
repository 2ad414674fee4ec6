import kafkajs from 'kafkajs';
import type { Kafka, Producer } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';
import type { KafkaGate } from './kafka-gate.js';
import { bytesOf } from './kafka-record.js';
import type { KafkaRecord } from './kafka-record.js';
import { warningsOnly } from './log.js';
import { withinMs } from './patience.js';

export interface Publisher {
  /**
   * Resolves when every in-sync replica has all of it, in this order within a key. Rejects with {@link NotPublished}
   * when that is not known: then repeat all of it (a repeat is harmless, a loss is not).
   */
  publish(topic: string, records: KafkaRecord[]): Promise<void>;
  stop(): Promise<void>;
}

export interface PublisherOptions extends KafkaAddress {
  /** Closed after a failed send, so that everybody else waits instead of trying. */
  gate?: KafkaGate | undefined;
}

export class NotPublished extends Error {
  override readonly name = 'NotPublished';
  readonly retriable = true;
}

const ACKS_OF_ALL_REPLICAS = -1;
const ACK_MS = 5_000;
const SEND_RECORDS = 500;
const SEND_BYTES = 768 * 1024;
const FAREWELL_MS = 2_000;

interface Waiting {
  topic: string;
  messages: { key: string; value: string | null; headers: Record<string, string> }[];
  bytes: number;
  settle: { resolve(): void; reject(error: Error): void };
}

/**
 * Never `idempotent`: kafkajs would lose another conversation's event in silence (reliability.md 0.1). So a producer
 * with which one send failed is thrown away, and what waits behind that send fails with it, for order's sake.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const lane = new Lane(kafkaClient(options), options);
  return {
    publish: (topic, records) => lane.publish(topic, records),
    stop: () => lane.stop(),
  };
}

/** One send at a time; calls that come meanwhile leave together in the next. */
class Lane {
  private producer: Promise<Producer> | undefined;
  private waiting: Waiting[] = [];
  private sending: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: PublisherOptions,
  ) {}

  async publish(topic: string, records: KafkaRecord[]): Promise<void> {
    if (records.length === 0) return;
    if (this.stopped) throw new NotPublished('The publisher has stopped.');
    const messages = records.map((record) => ({ key: record.key, value: bytesOf(record), headers: record.headers }));
    const bytes = messages.reduce((sum, message) => sum + (message.value?.length ?? 0), 0);
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ topic, messages, bytes, settle: { resolve, reject } });
      this.sending ??= this.sendAll();
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.sending;
    await this.throwAway();
  }

  private async sendAll(): Promise<void> {
    // Calls made in the same turn leave together.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.sendOne(this.takeBatch());
    this.sending = undefined;
  }

  private takeBatch(): Waiting[] {
    let [records, bytes] = [0, 0];
    const full = this.waiting.findIndex((call, index) => {
      records += call.messages.length;
      bytes += call.bytes;
      return index > 0 && (records > SEND_RECORDS || bytes > SEND_BYTES);
    });
    return this.waiting.splice(0, full === -1 ? this.waiting.length : full);
  }

  private async sendOne(calls: Waiting[]): Promise<void> {
    const byTopic = Map.groupBy(calls, (call) => call.topic);
    const topicMessages = [...byTopic].map(([topic, some]) => ({
      topic,
      messages: some.flatMap((call) => call.messages),
    }));
    try {
      const producer = await this.connected();
      await producer.sendBatch({ acks: ACKS_OF_ALL_REPLICAS, timeout: ACK_MS, topicMessages });
      for (const call of calls) call.settle.resolve();
    } catch (cause) {
      await this.fail(calls, cause);
    }
  }

  private async fail(calls: Waiting[], cause: unknown): Promise<void> {
    const behind = this.waiting.splice(0);
    this.options.gate?.close();
    const log = this.options.log ?? warningsOnly;
    log('warn', 'kafka: a send failed; its producer is thrown away', { error: String(cause) });
    await this.throwAway();
    const error = new NotPublished(`Kafka has not acknowledged: ${String(cause)}`, { cause });
    for (const call of [...calls, ...behind]) call.settle.reject(error);
  }

  private connected(): Promise<Producer> {
    this.producer ??= this.connect();
    return this.producer;
  }

  private async connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: false,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  }

  private async throwAway(): Promise<void> {
    const old = this.producer;
    this.producer = undefined;
    if (!old) return;
    const farewell = old.then((producer) => producer.disconnect()).catch(() => undefined);
    await withinMs(FAREWELL_MS, farewell);
  }
}
