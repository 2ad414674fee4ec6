import kafkajs from 'kafkajs';
import type { Kafka, Producer } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';
import type { KafkaGate } from './kafka-gate.js';
import { bytesOf, sizeOfRecord } from './kafka-record.js';
import type { KafkaRecord } from './kafka-record.js';
import { warningsOnly } from './log.js';
import { withinMs } from './patience.js';

export interface Publisher {
  /**
   * Resolves when every in-sync replica has all of it, in this order within a key. Rejects with {@link NotPublished}
   * when that is not known: then repeat all of it (a repeat is harmless, a loss is not); with {@link RecordTooLarge},
   * and then nothing of it has left, when no broker would take one of them.
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

export class RecordTooLarge extends Error {
  override readonly name = 'RecordTooLarge';
}

const ACKS_OF_ALL_REPLICAS = -1;
const ACK_MS = 5_000;
const SEND_RECORDS = 500;
/** A broker takes 1 MB a batch; no partition's batch is larger than all of the send. */
const SEND_BYTES = 768 * 1024;
const FAREWELL_MS = 2_000;

interface Message {
  key: string;
  value: string | null;
  headers: Record<string, string>;
}

/** So much of a call as goes in one send. */
interface Piece {
  messages: Message[];
  bytes: number;
}

interface Waiting extends Piece {
  topic: string;
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

/** One send at a time; calls that come meanwhile leave together in the next, and a large one in several. */
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
    await Promise.all(piecesOf(topic, records).map((piece) => this.enqueue(topic, piece)));
  }

  private enqueue(topic: string, piece: Piece): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.waiting.push({ topic, ...piece, settle: { resolve, reject } });
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
    const full = this.waiting.findIndex((piece, index) => {
      records += piece.messages.length;
      bytes += piece.bytes;
      return index > 0 && (records > SEND_RECORDS || bytes > SEND_BYTES);
    });
    return this.waiting.splice(0, full === -1 ? this.waiting.length : full);
  }

  private async sendOne(pieces: Waiting[]): Promise<void> {
    const byTopic = Map.groupBy(pieces, (piece) => piece.topic);
    const topicMessages = [...byTopic].map(([topic, some]) => ({
      topic,
      messages: some.flatMap((piece) => piece.messages),
    }));
    try {
      const producer = await this.connected();
      await producer.sendBatch({ acks: ACKS_OF_ALL_REPLICAS, timeout: ACK_MS, topicMessages });
      for (const piece of pieces) piece.settle.resolve();
    } catch (cause) {
      await this.fail(pieces, cause);
    }
  }

  private async fail(pieces: Waiting[], cause: unknown): Promise<void> {
    const behind = this.waiting.splice(0);
    this.options.gate?.close();
    const log = this.options.log ?? warningsOnly;
    log('warn', 'kafka: a send failed; its producer is thrown away', { error: String(cause) });
    await this.throwAway();
    const error = new NotPublished(`Kafka has not acknowledged: ${String(cause)}`, { cause });
    for (const piece of [...pieces, ...behind]) piece.settle.reject(error);
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

/** In order: each as large as one send may be, however much was called for at once. */
function piecesOf(topic: string, records: KafkaRecord[]): Piece[] {
  const pieces: Piece[] = [];
  let piece: Piece = { messages: [], bytes: 0 };
  for (const record of records) {
    const value = bytesOf(record);
    const bytes = sizeOfRecord(record, value);
    if (bytes > SEND_BYTES)
      throw new RecordTooLarge(`A record of ${topic} has ${bytes} bytes; ${SEND_BYTES} is the most.`);
    const isFull = piece.messages.length === SEND_RECORDS || piece.bytes + bytes > SEND_BYTES;
    if (piece.messages.length === 0 || isFull) pieces.push((piece = { messages: [], bytes: 0 }));
    piece.messages.push({ key: record.key, value, headers: record.headers });
    piece.bytes += bytes;
  }
  return pieces;
}
