import type { Admin, Kafka, KafkaMessage } from 'kafkajs';
import { deadLetterTopic } from '@parley/contracts/envelope';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';

export interface DeadLetter {
  topic: string;
  partition: number;
  message: KafkaMessage;
  reason: string;
}

/** `{group}.dead-letter`: key, value and headers byte by byte as they came; where from and why in `dead_letter_` headers. */
export interface DeadLetters {
  bury(letter: DeadLetter): Promise<void>;
}

/** A broker takes 1 MB; what was almost as large comes here with more headers. */
const LETTER_BYTES = 2 * 1024 * 1024;

export function createDeadLetters(address: KafkaAddress, group: string): DeadLetters {
  const kafka = kafkaClient(address);
  const topic = deadLetterTopic(group);
  return { bury: (letter) => bury(kafka, topic, letter) };
}

/** Rare, so with a producer and an admin of its own each time: none of them can be stale. */
async function bury(
  kafka: Kafka,
  topic: string,
  { topic: from, partition, message, reason }: DeadLetter,
): Promise<void> {
  const producer = kafka.producer({ idempotent: false, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  const headers = {
    ...message.headers,
    dead_letter_reason: reason,
    dead_letter_topic: from,
    dead_letter_partition: String(partition),
    dead_letter_offset: message.offset,
    dead_letter_timestamp: message.timestamp,
  };
  try {
    await ensureTopic(kafka, topic, from);
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ key: message.key, value: message.value, headers }] });
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
}

async function ensureTopic(kafka: Kafka, topic: string, like: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await createIfMissing(admin, topic, like);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function createIfMissing(admin: Admin, topic: string, like: string): Promise<void> {
  if ((await admin.listTopics()).includes(topic)) return;
  const source = await admin.fetchTopicMetadata({ topics: [like] });
  const replicationFactor = source.topics[0]?.partitions[0]?.replicas.length ?? 1;
  const configEntries = [{ name: 'max.message.bytes', value: String(LETTER_BYTES) }];
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: 1, replicationFactor, configEntries }],
  });
}
