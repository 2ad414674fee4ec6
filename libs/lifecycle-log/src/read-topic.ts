import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';
import type { LogRecord } from './kafka-record.js';
import { logRecordOf } from './log-record.js';

export interface ReadOptions extends Omit<KafkaAddress, 'clientId'> {
  topic: string;
  clientId?: string;
}

/**
 * Every record from the beginning up to the ends as they were when it was called, in order within a partition;
 * a value that is no JSON is `undefined`. With a group of its own that is gone afterwards.
 */
export async function forEachRecord(
  options: ReadOptions,
  each: (record: LogRecord) => void | Promise<void>,
): Promise<void> {
  const kafka = kafkaClient({ ...options, clientId: options.clientId ?? 'parley-read' });
  const missing = await endsOf(kafka, options.topic);
  if (missing.size === 0) return;
  const group = `parley-read-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: options.topic, fromBeginning: true });
    await readAll(consumer, missing, each);
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

/** Partitions that hold anything, each with the offset after its last record. */
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

async function readAll(
  consumer: Consumer,
  missing: Map<number, bigint>,
  each: (record: LogRecord) => void | Promise<void>,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const reached = (partition: number, next: bigint): void => {
    if (next >= (missing.get(partition) ?? 0n)) missing.delete(partition);
    if (missing.size === 0) done.resolve();
  };
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  // Also batches of nothing but control records, which reach no handler.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) =>
    reached(payload.partition, BigInt(payload.lastOffset) + 1n),
  );
  const work = async (payload: EachBatchPayload): Promise<void> => {
    const { topic, partition, messages } = payload.batch;
    for (const message of messages) {
      const end = missing.get(partition);
      if (end === undefined || BigInt(message.offset) >= end) return;
      const record = logRecordOf(topic, partition, message);
      const { offset, timestamp } = message;
      const key = message.key?.toString() ?? null;
      await each(
        'unreadable' in record ? { topic, partition, offset, key, value: undefined, headers: {}, timestamp } : record,
      );
      await payload.heartbeat();
    }
  };
  await consumer.run({ autoCommit: false, eachBatch: work });
  await done.promise;
}

async function forget(kafka: Kafka, group: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  // Where it cannot be deleted, the broker forgets an empty group by itself.
  await admin.deleteGroups([group]).catch(() => undefined);
  await admin.disconnect();
}
