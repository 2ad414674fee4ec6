import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';
import type { LogRecord } from './kafka-record.js';
import { logRecordOf } from './log-record.js';
import { pause } from './patience.js';

export interface ReadOptions extends Omit<KafkaAddress, 'clientId'> {
  topic: string;
  clientId?: string;
}

/** A broker that has just started still loads its coordinators, and the first group fails. */
const ATTEMPTS = 5;
const PAUSE_MS = 500;

/**
 * Every record from the beginning up to the ends as they were when it was called, in order within a partition;
 * a value that is no JSON is `undefined`. With a group of its own that is gone afterwards.
 */
export async function forEachRecord(
  options: ReadOptions,
  each: (record: LogRecord) => void | Promise<void>,
): Promise<void> {
  const kafka = kafkaClient({ ...options, clientId: options.clientId ?? 'parley-read' });
  const ends = await endsOf(kafka, options.topic);
  const reading: Reading = { ends, read: new Map(), each };
  for (let attempt = 1; !isComplete(reading); attempt += 1) {
    const failure = await readOn(kafka, options.topic, reading);
    if (failure && attempt >= ATTEMPTS) throw failure;
    if (failure) await pause(PAUSE_MS);
  }
}

interface Reading {
  /** Partitions that hold anything, each with the offset after its last record. */
  ends: Map<number, bigint>;
  /** The next offset of each: what was given to `each` is not given again. */
  read: Map<number, bigint>;
  each: (record: LogRecord) => void | Promise<void>;
}

const isComplete = ({ ends, read }: Reading): boolean =>
  [...ends].every(([partition, end]) => (read.get(partition) ?? 0n) >= end);

/** One consumer, until all is read or it crashes; then why. */
async function readOn(kafka: Kafka, topic: string, reading: Reading): Promise<Error | undefined> {
  const group = `parley-read-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    return await consume(consumer, reading);
  } finally {
    await consumer.disconnect();
    await forget(kafka, group);
  }
}

/** The same as an array: for tests, the demo and small topics. */
export async function readTopic(options: ReadOptions): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await forEachRecord(options, (record) => void records.push(record));
  return records;
}

async function endsOf(kafka: Kafka, topic: string): Promise<Map<number, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    const some = offsets.filter(({ low, high }) => BigInt(low) < BigInt(high));
    return new Map(some.map(({ partition, high }) => [partition, BigInt(high)]));
  } finally {
    await admin.disconnect();
  }
}

async function consume(consumer: Consumer, reading: Reading): Promise<Error | undefined> {
  const { ends, read, each } = reading;
  const done = Promise.withResolvers<Error | undefined>();
  const advance = (partition: number, next: bigint): void => {
    if (next > (read.get(partition) ?? 0n)) read.set(partition, next);
    if (isComplete(reading)) done.resolve(undefined);
  };
  const work = async (payload: EachBatchPayload): Promise<void> => {
    const { topic, partition, messages } = payload.batch;
    for (const message of messages) {
      const offset = BigInt(message.offset);
      if (offset >= (ends.get(partition) ?? 0n)) return;
      if (offset < (read.get(partition) ?? 0n)) continue;
      await each(readable(topic, partition, message));
      advance(partition, offset + 1n);
      await payload.heartbeat();
    }
  };
  const { CRASH, END_BATCH_PROCESS } = consumer.events;
  consumer.on(CRASH, ({ payload }) => done.resolve(payload.error));
  // Also batches of nothing but control records, which reach no handler.
  consumer.on(END_BATCH_PROCESS, ({ payload }) => advance(payload.partition, BigInt(payload.lastOffset) + 1n));
  await consumer.run({ autoCommit: false, eachBatch: work });
  return done.promise;
}

function readable(topic: string, partition: number, message: KafkaMessage): LogRecord {
  const record = logRecordOf(topic, partition, message);
  if (!('unreadable' in record)) return record;
  const { offset, timestamp } = message;
  return { topic, partition, offset, key: message.key?.toString() ?? null, value: undefined, headers: {}, timestamp };
}

async function forget(kafka: Kafka, group: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  // Where it cannot be deleted, the broker forgets an empty group by itself.
  await admin.deleteGroups([group]).catch(() => undefined);
  await admin.disconnect();
}
