import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silent } from './note.ts';
import { obtain } from './parts.ts';
import { loopback, type Profile } from './profile.ts';
import { lastLines, onPath, run } from './run.ts';
import type { Program } from './supervised.ts';
import { answersAdmin, createTopics, joinGroup } from './topics.ts';
import { Trouble } from './trouble.ts';
import { accepts } from './waiting.ts';

const version = '4.3.0';
const readyWithinMs = 120_000;
const clusterId = 'cGFybGV5LWxvY2FsLWthZg';
const waysOut =
  'Install a JDK 17 or newer and Maven, or give brokers with KAFKA_BROKERS=host:9092, or copy .local/parts from a machine that has it.';

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parley</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

function demand(program: 'java' | 'mvn'): string {
  const found = onPath(program);
  if (found !== undefined) return found;
  throw new Trouble(`No Kafka: ${program === 'java' ? 'Java' : 'Maven (mvn)'} is not on the PATH. ${waysOut}`);
}

/** Apache's own jars, by Maven, for Apache's archive is one more address that has to be reachable. */
export async function kafkaJars(parts: string, note = silent): Promise<string> {
  return obtain(parts, `kafka-${version}`, async (folder) => {
    writeFileSync(join(folder, 'pom.xml'), pom);
    const jars = join(folder, 'jars');
    const args = ['-q', '-B', '-Dstyle.color=never', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
    const maven = demand('mvn');
    note('Kafka: fetching it with Maven, once …');
    const { code, output } = await run(maven, args, { cwd: folder });
    if (code !== 0)
      throw new Trouble(`No Kafka: Maven could not fetch it (${reasonIn(output)}). Is the network there? ${waysOut}`);
    return jars;
  });
}

const reasonIn = (output: string): string =>
  output
    .split('\n')
    .find((line) => line.includes('ERROR'))
    ?.slice(0, 200) ?? lastLines(output, 1);

const properties = ({ ports }: Profile, data: string): string =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    listeners: `PLAINTEXT://${loopback(ports.kafka)},CONTROLLER://${loopback(ports.kafkaController)}`,
    'advertised.listeners': `PLAINTEXT://${loopback(ports.kafka)}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': loopback(ports.kafkaController),
    'log.dirs': data,
    'auto.create.topics.enable': false,
    // One broker holds the only copy.
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // Fewer and smaller files: the first group joins sooner and an idle broker is light.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.num.partitions': 4,
    'log.index.size.max.bytes': 1_048_576,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    // Waiting for more members of a group helps a fleet, not a laptop; and a test wants a dead consumer to be noticed soon.
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker may come back only when its session is over.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    'group.min.session.timeout.ms': 1_000,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

export async function kafkaBroker(profile: Profile, note = silent): Promise<Program> {
  const java = demand('java');
  const jars = await kafkaJars(profile.parts, note);
  const folder = join(profile.folder, 'kafka');
  const data = join(folder, 'data');
  const config = join(folder, 'server.properties');
  mkdirSync(folder, { recursive: true });
  writeFileSync(config, properties(profile, data));
  const classpath = [
    '-cp',
    join(jars, '*'),
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
  ];
  if (!existsSync(join(data, 'meta.properties'))) await format(java, classpath, config);
  // The quick compiler alone: half the processor time until ready, and more than fast enough for one machine.
  const machine = [
    '-Xms128m',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:+ExitOnOutOfMemoryError',
  ];
  const brokers = loopback(profile.ports.kafka);
  return {
    name: 'kafka',
    command: java,
    args: [...machine, ...classpath, 'kafka.Kafka', config],
    cwd: folder,
    readyWithinMs,
    isReady: async () => (await accepts(brokers)) && (await answersAdmin(brokers)),
  };
}

async function format(java: string, classpath: readonly string[], config: string): Promise<void> {
  const args = [
    '-Xmx128m',
    '-XX:TieredStopAtLevel=1',
    ...classpath,
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    '-t',
    clusterId,
    '-c',
    config,
  ];
  const { code, output } = await run(java, args);
  if (code !== 0)
    throw new Trouble(
      `Kafka's folder could not be prepared (${lastLines(output, 1)}). \`npm run reset\` makes a new one; Kafka needs Java 17.`,
    );
}

export async function prepareKafka(brokers: string): Promise<void> {
  await createTopics(brokers);
  await joinGroup(brokers);
}
