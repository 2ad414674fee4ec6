import type { Admin } from 'kafkajs';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';

export interface PartitionLag {
  topic: string;
  partition: number;
  /** Next offset the group will read; the log's start where it has committed none. */
  committed: number;
  end: number;
  lag: number;
}

async function topicLag(admin: Admin, group: string, topic: string): Promise<PartitionLag[]> {
  const [ends, groups] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  ]);
  const committed = new Map(groups[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  return ends.map(({ partition, low, high }) => {
    const at = Math.max(committed.get(partition) ?? -1, Number(low));
    return { topic, partition, committed: at, end: Number(high), lag: Math.max(0, Number(high) - at) };
  });
}

/** With an admin that is already connected. */
export async function lagWith(admin: Admin, group: string, topics: string[]): Promise<PartitionLag[]> {
  const each = await Promise.all(topics.map((topic) => topicLag(admin, group, topic)));
  return each.flat();
}

/** How far a group is behind, per partition. */
export async function consumerLag(
  options: KafkaAddress & { group: string; topics: string[] },
): Promise<PartitionLag[]> {
  const admin = kafkaClient(options).admin();
  await admin.connect();
  try {
    return await lagWith(admin, options.group, options.topics);
  } finally {
    await admin.disconnect();
  }
}

export const totalLag = (lags: PartitionLag[]): number => lags.reduce((sum, { lag }) => sum + lag, 0);
