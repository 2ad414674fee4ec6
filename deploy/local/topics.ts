import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type Admin, type ITopicConfig } from 'kafkajs';
import { Trouble } from './trouble.ts';
import { eventually } from './waiting.ts';

const forEver = '-1';
const thirtyDaysMs = String(30 * 24 * 60 * 60 * 1_000);

interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

const kept = { 'retention.ms': forEver };
const compacted = { 'cleanup.policy': 'compact', 'retention.ms': forEver };

/** Every topic of the product: contract.md, "Kafka". */
export const topics: readonly Topic[] = [
  { name: 'conversation.lifecycle.v1', partitions: 12, config: kept },
  { name: 'conversation.messages.v1', partitions: 12, config: kept },
  { name: 'conversation.state.v1', partitions: 12, config: compacted },
  { name: 'conversation.audit.v1', partitions: 3, config: kept },
  { name: 'agent.activity.v1', partitions: 3, config: { 'retention.ms': thirtyDaysMs } },
  { name: 'parley.configuration.v1', partitions: 1, config: compacted },
  ...['inbox', 'admin', 'stats', 'notifications'].map((group) => ({
    name: `${group}.dead-letter`,
    partitions: 1,
    config: kept,
  })),
];

const connectionMs = 2_000;
const joinMs = 60_000;
const probe = 'parley-start';

function clientOf(brokers: string): Kafka {
  return new Kafka({
    clientId: probe,
    brokers: brokers.split(','),
    // While the broker loads its coordinators the client would fill the screen with errors that mean "not yet".
    logLevel: logLevel.NOTHING,
    connectionTimeout: connectionMs,
    requestTimeout: connectionMs * 5,
    retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 10 },
  });
}

export async function withAdmin<T>(brokers: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = clientOf(brokers).admin();
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The broker answers questions about the cluster; enough after a restart, when the topics exist. */
export async function answersAdmin(brokers: string): Promise<boolean> {
  return withAdmin(brokers, async (admin) => (await admin.describeCluster()).brokers.length > 0);
}

/** Creates what is missing. Partitions of what exists are left alone: they decide which record follows which. */
export async function createTopics(brokers: string): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const known = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !known.has(name)).map(topicConfig);
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true });
  });
}

const topicConfig = ({ name, partitions, config }: Topic): ITopicConfig => ({
  topic: name,
  numPartitions: partitions,
  configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
});

/** Right after the port opens coordinators still load: only a group that was joined proves that consumers will run. */
export async function joinGroup(brokers: string): Promise<void> {
  if (await eventually(() => joinOnce(brokers), joinMs)) return;
  throw new Trouble(`Kafka at ${brokers} lets no consumer group join within ${joinMs / 1000} s: its log says why.`);
}

/** The client gives a consumer up when its coordinator is not there yet; a new one, not its own restart, is then asked again. */
async function joinOnce(brokers: string): Promise<boolean> {
  const groupId = `${probe}-${randomUUID()}`;
  const retry = {
    initialRetryTime: 100,
    maxRetryTime: 500,
    retries: 5,
    restartOnFailure: () => Promise.resolve(false),
  };
  const consumer = clientOf(brokers).consumer({
    groupId,
    sessionTimeout: 10_000,
    maxWaitTimeInMs: 100,
    retry,
  });
  const joined = new Promise<boolean>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve(true));
    consumer.on(consumer.events.CRASH, () => resolve(false));
    setTimeout(() => resolve(false), joinMs).unref();
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: ['parley.configuration.v1'] });
    await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
    return await joined;
  } finally {
    await consumer.disconnect();
    // Left alone, an empty group is forgotten as well, minutes later.
    await withAdmin(brokers, (admin) => admin.deleteGroups([groupId])).catch(() => undefined);
  }
}
