import { expect, test } from '@jest/globals';
import type { ConsumerRunConfig, EachBatchPayload, Kafka } from 'kafkajs';
import { ConsumerSession } from '../src/consumer-session.js';
import { Retry } from '../src/failure.js';
import type { LogRecord } from '../src/kafka-record.js';

/** Gives out what the session runs, as kafkajs would call it: several partitions side by side. */
async function begun(handle: (record: LogRecord) => Promise<void>) {
  const running = Promise.withResolvers<ConsumerRunConfig>();
  const nothing = async (): Promise<void> => undefined;
  const consumer = {
    events: {},
    on: () => undefined,
    connect: nothing,
    subscribe: nothing,
    run: async (config: ConsumerRunConfig) => running.resolve(config),
  };
  const session = new ConsumerSession({ consumer: () => consumer } as unknown as Kafka, {
    group: 'g',
    topics: ['t'],
    handle,
    fromBeginning: true,
    partitionsAtOnce: 3,
    sessionMs: 1_000,
    deadLetters: { bury: async () => undefined },
    log: () => undefined,
    pause: () => new Promise((resolve) => void setImmediate(resolve)),
  });
  await session.start();
  const { eachBatch } = await running.promise;
  const batch = (partition: number, count = 1): Promise<void> | undefined => {
    const messages = Array.from({ length: count }, (_, offset) => ({
      offset: String(offset),
      value: Buffer.from('{}'),
    }));
    const payload = {
      batch: { topic: 't', partition, messages },
      isRunning: () => true,
      isStale: () => false,
      resolveOffset: () => undefined,
      heartbeat: nothing,
      commitOffsetsIfNecessary: nothing,
    };
    return eachBatch?.(payload as unknown as EachBatchPayload);
  };
  const mayMove = (): boolean[] => [0, 1, 2].map((partition) => session.mayMove('t', partition));
  return { session, batch, mayMove };
}

test('F12: what one partition waits for is its own; beside it only what is in hand is expected to move', async () => {
  let isAway = true;
  const second = Promise.withResolvers<void>();
  const { session, batch, mayMove } = await begun(async ({ partition }) => {
    if (partition === 0 && isAway) throw new Retry('the database is away');
    if (partition === 1) await second.promise;
  });
  expect([session.away, mayMove()]).toEqual([undefined, [true, true, true]]);
  const [waiting, inHand] = [batch(0), batch(1)];
  await batch(2, 3);
  expect([session.away, mayMove()]).toEqual(['Retry: the database is away', [false, true, false]]);
  second.resolve();
  await inHand;
  expect([session.away, mayMove()]).toEqual(['Retry: the database is away', [false, false, false]]);
  isAway = false;
  await waiting;
  expect([session.away, mayMove()]).toEqual([undefined, [true, true, true]]);
});
