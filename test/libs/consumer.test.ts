import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deadLetterTopic } from '@parley/contracts/envelope';
import { startConsumer } from '@parley/lifecycle-log/consumer';
import type { ConsumerHandle, ConsumerOptions } from '@parley/lifecycle-log/consumer';
import { Poison, Retry } from '@parley/lifecycle-log/failure';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import { kafkaClient } from '@parley/lifecycle-log/kafka-client';
import { consumerLag, totalLag } from '@parley/lifecycle-log/lag';
import { createPublisher } from '@parley/lifecycle-log/publisher';
import { readTopic } from '@parley/lifecycle-log/read-topic';
import { eventually } from '../parts/eventually.js';
import { brokers, newGroup, newTopic, quiet } from './log.js';

const running: ConsumerHandle[] = [];
let gaveUp: string[] = [];
beforeEach(() => {
  gaveUp = [];
});
const hanging: (() => void)[] = [];
/** A handler that never comes back; only after the test, lest it keep this process. */
const hang = (): Promise<void> => new Promise((resolve) => void hanging.push(resolve));
afterEach(async () => {
  for (const release of hanging.splice(0)) release();
  await Promise.all(running.splice(0).map((consumer) => consumer.stop()));
});

function consume(
  options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'group' | 'topics' | 'handle'>,
): ConsumerHandle {
  const onGiveUp = (reason: string): void => void gaveUp.push(reason);
  const consumer = startConsumer({ brokers, log: quiet, checkEveryMs: 100, onGiveUp, ...options });
  running.push(consumer);
  return consumer;
}

/** `count` records on each of some keys, numbered 1..count. */
async function filled(topic: string, keys: string[], count: number, from = 1): Promise<void> {
  const publisher = createPublisher({ brokers, clientId: 'test', log: quiet });
  for (const key of keys) {
    const numbers = Array.from({ length: count }, (_, index) => from + index);
    await publisher.publish(
      topic,
      numbers.map((n) => ({ key, value: { n }, headers: { ce_id: `${key}:${n}` } })),
    );
  }
  await publisher.stop();
}

/** Written by somebody else, who goes by the broker's limit alone. */
async function fillWith(topic: string, value: object): Promise<void> {
  const producer = kafkaClient({ brokers, clientId: 'test', log: quiet }).producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: 'a', value: JSON.stringify(value) }] });
  await producer.disconnect();
}

const numberOf = (record: LogRecord): number => (record.value as { n: number }).n;
const idOf = (record: LogRecord): string => `${record.key}:${numberOf(record)}`;
const oneTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);
const lagOf = async (group: string, topic: string): Promise<number> =>
  totalLag(await consumerLag({ brokers, clientId: 'test', group, topics: [topic], log: quiet }));
const until = (count: number, seen: unknown[]): Promise<unknown> =>
  eventually(
    () => seen.length,
    (length) => length >= count,
  );

describe('a consumer', () => {
  test('I1: handles everything from the beginning, in order within a key, and is idle without lag afterwards', async () => {
    const topic = await newTopic(4);
    const group = newGroup();
    await filled(topic, ['a', 'b', 'c'], 50);
    const seen: LogRecord[] = [];
    const consumer = consume({ group, topics: [topic], handle: async (record) => void seen.push(record) });
    await until(150, seen);
    const byKey = Map.groupBy(seen, ({ key }) => key ?? '');
    expect([...byKey.values()].map((some) => some.map(numberOf))).toEqual([oneTo(50), oneTo(50), oneTo(50)]);
    await eventually(
      () => consumer.health(),
      ({ state }) => state === 'idle',
    );
    expect(consumer.health()).toEqual({ state: 'idle', lag: 0, reason: null, rebuilt: 0 });
    expect(await lagOf(group, topic)).toBe(0);
  });

  test('goes on where it committed: what was handled before a stop is not handled again', async () => {
    const topic = await newTopic(1);
    const group = newGroup();
    await filled(topic, ['a'], 5);
    const [before, after]: [LogRecord[], LogRecord[]] = [[], []];
    const first = consume({ group, topics: [topic], handle: async (record) => void before.push(record) });
    await until(5, before);
    await first.stop();
    await filled(topic, ['a'], 3, 6);
    consume({ group, topics: [topic], handle: async (record) => void after.push(record) });
    await until(3, after);
    expect(after.map(numberOf)).toEqual([6, 7, 8]);
  });

  test('F21: poison goes to the dead letters byte by byte, with the reason, and the partition moves on', async () => {
    const topic = await newTopic(1);
    const group = newGroup();
    await filled(topic, ['a'], 4);
    const done: number[] = [];
    const tries: number[] = [];
    const handle = async (record: LogRecord): Promise<void> => {
      const n = numberOf(record);
      tries.push(n);
      if (n === 2) throw new Poison('sequence: too small');
      if (n === 3) throw new Error('a bug');
      done.push(n);
    };
    consume({ group, topics: [topic], handle });
    await until(2, done);
    expect(tries).toEqual([1, 2, 3, 3, 3, 3, 3, 4]);
    const letters = await readTopic({ brokers, topic: deadLetterTopic(group), log: quiet });
    const origin = { dead_letter_topic: topic, dead_letter_partition: '0', dead_letter_timestamp: expect.any(String) };
    expect(letters.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual([
      {
        key: 'a',
        value: { n: 2 },
        headers: {
          ...origin,
          ce_id: 'a:2',
          dead_letter_offset: '1',
          dead_letter_reason: 'Poison: sequence: too small',
        },
      },
      {
        key: 'a',
        value: { n: 3 },
        headers: { ...origin, ce_id: 'a:3', dead_letter_offset: '2', dead_letter_reason: 'Error: a bug' },
      },
    ]);
  });

  test('F21: poison of the largest size that the broker takes is buried too, and the partition moves on', async () => {
    const [topic, group] = [await newTopic(1), newGroup()];
    await fillWith(topic, { n: 1, text: 'x'.repeat(1_048_300) });
    await filled(topic, ['a'], 1, 2);
    const seen: number[] = [];
    const handle = async (record: LogRecord): Promise<void> => {
      if (numberOf(record) === 1) throw new Poison('too much');
      seen.push(numberOf(record));
    };
    consume({ group, topics: [topic], handle });
    await until(1, seen);
    const letters = await readTopic({ brokers, topic: deadLetterTopic(group), log: quiet });
    expect(letters.map((letter) => [numberOf(letter), letter.headers['dead_letter_reason']])).toEqual([
      [1, 'Poison: too much'],
    ]);
  });

  test('F12: while the database is away it waits, says so, skips nothing and does not count as stuck', async () => {
    const topic = await newTopic(1);
    const group = newGroup();
    await filled(topic, ['a'], 3);
    let isAway = true;
    const done: number[] = [];
    const handle = async (record: LogRecord): Promise<void> => {
      if (isAway) throw new Retry('the database is away');
      done.push(numberOf(record));
    };
    const consumer = consume({ group, topics: [topic], handle, stuckAfterMs: 500 });
    await eventually(
      () => consumer.health(),
      ({ reason }) => reason === 'Retry: the database is away',
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(consumer.health()).toMatchObject({ state: 'down', rebuilt: 0 });
    isAway = false;
    await until(3, done);
    expect(done).toEqual([1, 2, 3]);
    await eventually(
      () => consumer.health(),
      ({ state }) => state === 'idle',
    );
  });

  test('F12: while one partition waits, another’s success neither hides that nor makes the consumer begin anew', async () => {
    const [topic, group] = [await newTopic(2), newGroup()];
    // Each on a partition of its own.
    await filled(topic, ['a'], 1);
    await filled(topic, ['d'], 60);
    let isAway = true;
    const done: string[] = [];
    const handle = async (record: LogRecord): Promise<void> => {
      if (record.key === 'a' && isAway) throw new Retry('the database is away');
      await new Promise((resolve) => setTimeout(resolve, 25));
      done.push(idOf(record));
    };
    const consumer = consume({ group, topics: [topic], handle, stuckAfterMs: 500 });
    await until(60, done);
    expect(consumer.health()).toMatchObject({ state: 'down', reason: 'Retry: the database is away', rebuilt: 0 });
    isAway = false;
    await until(61, done);
    expect(done).toEqual([...oneTo(60).map((n) => `d:${n}`), 'a:1']);
  });

  test('F19: members come and go: every record is handled, first times in order, none lost', async () => {
    const topic = await newTopic(6);
    const group = newGroup();
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await filled(topic, keys, 40);
    const seen: string[] = [];
    const handle = async (record: LogRecord): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push(idOf(record));
    };
    consume({ group, topics: [topic], handle });
    await until(20, seen);
    for (const at of [60, 140]) {
      const guest = consume({ group, topics: [topic], handle });
      await until(at, seen);
      await guest.stop();
    }
    await eventually(
      () => new Set(seen).size,
      (size) => size === keys.length * 40,
      60_000,
    );
    const firsts = Map.groupBy(new Set(seen), (id) => id.split(':')[0] ?? '');
    expect(keys.map((key) => firsts.get(key))).toEqual(keys.map((key) => oneTo(40).map((n) => `${key}:${n}`)));
  });

  test('waits for a broker that is not there yet, and stops at once', async () => {
    const handle = async (): Promise<void> => undefined;
    const consumer = consume({ brokers: '127.0.0.1:1', group: newGroup(), topics: ['t'], handle });
    await eventually(
      () => consumer.health(),
      ({ reason }) => reason !== 'starting',
    );
    expect(consumer.health()).toMatchObject({ state: 'down', lag: 0 });
    const startedAt = Date.now();
    await consumer.stop();
    expect(Date.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('F20: health is progress', () => {
  test('a handler that hangs is left behind: a new consumer goes on from the same record', async () => {
    const topic = await newTopic(1);
    const group = newGroup();
    await filled(topic, ['a'], 3);
    const tries: number[] = [];
    const handle = async (record: LogRecord): Promise<void> => {
      tries.push(numberOf(record));
      if (tries.length === 2) await hang();
    };
    const consumer = consume({ group, topics: [topic], handle, stuckAfterMs: 1_500, sessionMs: 6_000 });
    await eventually(
      () => tries.length,
      (count) => count >= 5,
      90_000,
    );
    // 1 was handled a second time, for nothing was committed when 2 began to hang.
    expect(tries).toEqual([1, 2, 1, 2, 3]);
    await eventually(
      () => consumer.health(),
      ({ state, rebuilt }) => state === 'idle' && rebuilt === 0,
    );
    expect(gaveUp).toEqual([]);
  });

  test('the third consumer in a row that moves nothing gives up', async () => {
    const topic = await newTopic(1);
    const group = newGroup();
    await filled(topic, ['a'], 1);
    const stuck = { stuckAfterMs: 1_000, sessionMs: 6_000 };
    consume({ group, topics: [topic], handle: hang, ...stuck });
    await eventually(
      () => gaveUp.length,
      (count) => count >= 1,
      90_000,
    );
    expect(gaveUp).toEqual(['lag 1, and nothing moves (3 of 3)']);
  }, 120_000);
});

test('an idle consumer waits for records, it does not ask in circles (which takes a whole core)', async () => {
  const topic = await newTopic(1);
  const consumer = consume({ group: newGroup(), topics: [topic], handle: async () => undefined, checkEveryMs: 2_000 });
  await eventually(
    () => consumer.health(),
    ({ state }) => state === 'idle',
  );
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 4_000_000).toBeLessThan(0.3);
});
