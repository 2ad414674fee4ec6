import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';

/** The Kafka of the running test stack. */
const file = process.env['PARLEY_STACK'] ?? join(import.meta.dirname, '..', '..', '.local', 'test', 'stack.json');
export const { kafka: brokers } = JSON.parse(readFileSync(file, 'utf8')) as { kafka: string };

export const quiet = (): void => undefined;

export async function withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new kafkajs.Kafka({ clientId: 'test', brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A topic of this test's own. */
export async function newTopic(numPartitions: number): Promise<string> {
  const topic = `test.${randomUUID()}`;
  await withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true }));
  return topic;
}

export const newGroup = (): string => `test-${randomUUID()}`;
