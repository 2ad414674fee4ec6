import { afterEach, describe, expect, test } from '@jest/globals';
import { createKafkaGate } from '@parley/lifecycle-log/kafka-gate';
import type { KafkaRecord } from '@parley/lifecycle-log/kafka-record';
import { createPublisher, NotPublished, RecordTooLarge } from '@parley/lifecycle-log/publisher';
import type { Publisher, PublisherOptions } from '@parley/lifecycle-log/publisher';
import { readTopic } from '@parley/lifecycle-log/read-topic';
import { eventually } from '../parts/eventually.js';
import { brokers, newTopic, quiet } from './log.js';
import { lossyNetwork } from './lossy-network.js';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.stop()));
});
function publisher(more: Partial<PublisherOptions> = {}): Publisher {
  const made = createPublisher({ brokers, clientId: 'test', log: quiet, ...more });
  open.push(made);
  return made;
}
const record = (key: string, n: number): KafkaRecord => ({ key, value: { n }, headers: { ce_id: `${key}:${n}` } });
const numbersOf = async (topic: string): Promise<Map<string, number[]>> => {
  const records = await readTopic({ brokers, topic, log: quiet });
  const byKey = Map.groupBy(records, ({ key }) => key ?? '');
  return new Map([...byKey].map(([key, some]) => [key, some.map(({ value }) => (value as { n: number }).n)]));
};
const firstOccurrences = (numbers: number[]): number[] => [...new Set(numbers)];
const oneTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

describe('the publisher', () => {
  test('I1: calls at the same time leave together, in order within a key', async () => {
    const topic = await newTopic(4);
    const { publish } = publisher();
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(oneTo(40).flatMap((n) => keys.map((key) => publish(topic, [record(key, n)]))));
    const numbers = await numbersOf(topic);
    expect(keys.map((key) => numbers.get(key))).toEqual(keys.map(() => oneTo(40)));
  });

  test('a record comes back as it was: key, headers, value, and a tombstone without one', async () => {
    const topic = await newTopic(1);
    const { publish } = publisher();
    await publish(topic, [{ key: 'k', value: { z: 'ünï', a: [1] }, headers: { ce_id: '1' } }]);
    await publish(topic, [{ key: 'k', value: null, headers: {} }]);
    const read = await readTopic({ brokers, topic, log: quiet });
    expect(read.map(({ key, value, headers, offset }) => [offset, key, JSON.stringify(value), headers])).toEqual([
      ['0', 'k', '{"z":"ünï","a":[1]}', { ce_id: '1' }],
      ['1', 'k', 'null', {}],
    ]);
  });

  test('a key lies in the partition in which a Java producer would put it (murmur2)', async () => {
    const topic = await newTopic(12);
    // From Kafka's own UtilsTest.testMurmur2.
    const hashes: Record<string, number> = {
      '21': -973932308,
      foobar: -790332482,
      'a-little-bit-long-string': -985981536,
      'a-little-bit-longer-string': -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107,
    };
    await publisher().publish(
      topic,
      Object.keys(hashes).map((key) => record(key, 1)),
    );
    const read = await readTopic({ brokers, topic, log: quiet });
    const partitions = Object.fromEntries(read.map(({ key, partition }) => [key ?? '', partition]));
    const expected = Object.entries(hashes).map(([key, hash]) => [key, (hash & 0x7fffffff) % 12]);
    expect(partitions).toEqual(Object.fromEntries(expected));
  });

  test('a failed send throws the producer away, fails what waits behind it, closes the gate, and then all goes on', async () => {
    const topic = await newTopic(1);
    const gate = createKafkaGate({ brokers, clientId: 'test', topics: [topic], log: quiet });
    open.push(gate);
    await gate.whenUp();
    const connections: string[] = [];
    const log: PublisherOptions['log'] = (_, message) => connections.push(message);
    const { publish } = publisher({ gate, log });
    await publish(topic, [record('k', 1)]);
    const failing = publish('no.such.topic', [record('k', 2)]);
    await Promise.resolve();
    await Promise.resolve();
    const behind = publish(topic, [record('k', 3)]);
    const outcomes = await Promise.allSettled([failing, behind]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(outcomes.map((one) => one.status === 'rejected' && one.reason instanceof NotPublished)).toEqual([
      true,
      true,
    ]);
    expect(connections).toContain('kafka: a send failed; its producer is thrown away');
    await eventually(
      () => gate.isUp(),
      (up) => up,
    );
    for (const n of [2, 3]) await publish(topic, [record('k', n)]);
    expect((await numbersOf(topic)).get('k')).toEqual([1, 2, 3]);
  });

  test('F9: a third of the acknowledgements is lost, and no conversation has a gap', async () => {
    const topic = await newTopic(1);
    let produced = 0;
    const network = await lossyNetwork(brokers, () => ++produced % 3 === 0);
    const { publish } = publisher({ connection: { socketFactory: network.socketFactory } });
    const life = async (key: string): Promise<void> => {
      for (const n of oneTo(15)) await untilAcknowledged(() => publish(topic, [record(key, n)]));
    };
    const keys = oneTo(8).map((n) => `conversation-${n}`);
    await Promise.all(keys.map(life)).finally(() => network.close());
    const numbers = await numbersOf(topic);
    expect(network.lost()).toBeGreaterThan(3);
    expect(keys.map((key) => firstOccurrences(numbers.get(key) ?? []))).toEqual(keys.map(() => oneTo(15)));
  });

  test.each<[string, (n: number) => KafkaRecord]>([
    ['values', (n) => ({ key: 'k', value: { n, text: 'x'.repeat(6_000) }, headers: {} })],
    [
      'values whose bytes are more than their characters',
      (n) => ({ key: 'k', value: { n, text: '語'.repeat(2_000) }, headers: {} }),
    ],
    ['headers', (n) => ({ key: 'k', value: { n }, headers: { ce_id: String(n), ce_subject: 'x'.repeat(6_000) } })],
    ['keys', (n) => ({ key: 'k'.repeat(6_000), value: { n }, headers: {} })],
  ])(
    'one call with more than the broker takes at once leaves in several sends, in order: large %s',
    async (_, large) => {
      const topic = await newTopic(1);
      await publisher().publish(topic, oneTo(200).map(large));
      expect([...(await numbersOf(topic)).values()]).toEqual([oneTo(200)]);
    },
  );

  test('a record that no broker takes is refused by name; what was called for beside it arrives', async () => {
    const topic = await newTopic(1);
    const { publish } = publisher();
    const huge = { key: 'k', value: { n: 2, text: 'x'.repeat(800_000) }, headers: {} };
    const outcomes = await Promise.allSettled([
      publish(topic, [record('k', 1)]),
      publish(topic, [record('k', 0), huge]),
      publish(topic, [record('k', 3)]),
    ]);
    expect(outcomes.map((one) => one.status === 'fulfilled' || one.reason instanceof RecordTooLarge)).toEqual([
      true,
      true,
      true,
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await numbersOf(topic)).get('k')).toEqual([1, 3]);
  });

  test('a publisher that has stopped says so', async () => {
    const stopped = publisher();
    await stopped.stop();
    await expect(stopped.publish('t', [record('k', 1)])).rejects.toThrow('The publisher has stopped.');
  });
});

/** What the activity does: the same again until it is acknowledged. */
async function untilAcknowledged(send: () => Promise<void>): Promise<void> {
  const reasons: string[] = [];
  while (reasons.length < 50) {
    const failed = await send().then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (failed === undefined) return;
    reasons.push(failed);
  }
  throw new Error(`Never acknowledged: ${[...new Set(reasons)].join('; ')}`);
}

describe('the gate', () => {
  test('opens when Kafka answers; whoever waits can be called off', async () => {
    const nowhere = createKafkaGate({ brokers: '127.0.0.1:1', clientId: 'test', topics: ['t'], log: quiet });
    open.push(nowhere);
    expect(nowhere.isUp()).toBe(false);
    const waiting = nowhere.whenUp(AbortSignal.timeout(200));
    await expect(waiting).rejects.toThrow('The operation was aborted due to timeout');
    const gate = createKafkaGate({ brokers, clientId: 'test', topics: [await newTopic(1)], log: quiet });
    open.push(gate);
    await gate.whenUp();
    expect(gate.isUp()).toBe(true);
  });

  test('stays closed while a topic is missing: ready means topics, not an open port', async () => {
    const gate = createKafkaGate({ brokers, clientId: 'test', topics: ['no.such.topic'], log: quiet, probeMs: 50 });
    open.push(gate);
    await expect(gate.whenUp(AbortSignal.timeout(1_000))).rejects.toThrow('aborted due to timeout');
  });

  test('400 that wait are let through at once when it opens', async () => {
    const gate = createKafkaGate({ brokers, clientId: 'test', topics: [await newTopic(1)], log: quiet });
    open.push(gate);
    await gate.whenUp();
    gate.close();
    expect(gate.isUp()).toBe(false);
    await Promise.all(Array.from({ length: 400 }, () => gate.whenUp()));
    expect(gate.isUp()).toBe(true);
  });
});
