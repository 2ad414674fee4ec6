import { beforeEach, describe, expect, test } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import type { DeadLetter } from '../src/dead-letter.js';
import { Poison, Retry } from '../src/failure.js';
import { handleOne } from '../src/handling.js';
import type { HandlingOptions, Turn } from '../src/handling.js';
import type { PartitionLag } from '../src/lag.js';
import { Progress } from '../src/progress.js';

const message = (value: string): KafkaMessage => ({
  key: Buffer.from('th_1'),
  value: Buffer.from(value),
  headers: { ce_id: Buffer.from('1') },
  offset: '7',
  timestamp: '0',
  attributes: 0,
});

let buried: DeadLetter[];
let waited: (string | null)[];
let attempts: number;
let heartbeats: number;
let pausedMs: number[];
beforeEach(() => {
  [buried, waited, pausedMs, attempts, heartbeats] = [[], [], [], 0, 0];
});
const options = (
  fails: (attempt: number) => Error | undefined,
  more: Partial<HandlingOptions> = {},
): HandlingOptions => ({
  handle: async () => {
    attempts += 1;
    const error = fails(attempts);
    if (error) throw error;
  },
  deadLetters: { bury: async (letter) => void buried.push(letter) },
  log: () => undefined,
  pause: async (ms) => void pausedMs.push(ms),
  ...more,
});
const turn = (value = '{}', more: Partial<Turn> = {}): Turn => ({
  topic: 't',
  partition: 3,
  message: message(value),
  isOurs: () => true,
  heartbeat: async () => void (heartbeats += 1),
  waiting: (reason) => waited.push(reason),
  ...more,
});
const reasons = (): string[] => buried.map(({ reason }) => reason);

describe('one record', () => {
  test('the handler gets its JSON, its key and its headers as text', async () => {
    const seen: unknown[] = [];
    const handle = async (record: unknown): Promise<void> => void seen.push(record);
    expect(await handleOne({ ...options(() => undefined), handle }, turn('{"a":1}'))).toBe('done');
    expect(seen).toEqual([
      { topic: 't', partition: 3, offset: '7', timestamp: '0', key: 'th_1', headers: { ce_id: '1' }, value: { a: 1 } },
    ]);
  });

  test('F21: an error is tried five times, then it is a dead letter with the reason', async () => {
    expect(
      await handleOne(
        options(() => new TypeError('x is not a function')),
        turn(),
      ),
    ).toBe('done');
    expect([attempts, reasons()]).toEqual([5, ['TypeError: x is not a function']]);
    expect(pausedMs).toEqual([100, 200, 400, 800]);
    expect(heartbeats).toBe(4);
  });

  test('an error that passes is no dead letter', async () => {
    expect(
      await handleOne(
        options((attempt) => (attempt < 5 ? new Error('once') : undefined)),
        turn(),
      ),
    ).toBe('done');
    expect([attempts, reasons()]).toEqual([5, []]);
  });

  test('F21: poison, and bytes that are no JSON, are dead letters at once', async () => {
    await handleOne(
      options(() => new Poison('sequence: too small')),
      turn(),
    );
    expect([attempts, reasons()]).toEqual([1, ['Poison: sequence: too small']]);
    await handleOne(
      options(() => undefined),
      turn('{"a":'),
    );
    expect([attempts, reasons()[1]]).toEqual([1, expect.stringContaining('The value is no JSON: SyntaxError')]);
  });

  test('F12: a database that is away is not poison: tried for ever, and health says so', async () => {
    const away = (attempt: number): Error | undefined =>
      attempt <= 20 ? new Error('wrapped', { cause: new Retry('database away') }) : undefined;
    const outcome = await handleOne(options(away), turn());
    expect([outcome, attempts, reasons()]).toEqual(['done', 21, []]);
    expect(waited).toEqual([...Array<string>(20).fill('Error: wrapped'), null]);
    expect(pausedMs.slice(0, 6)).toEqual([200, 400, 800, 1_600, 2_000, 2_000]);
  });

  test('what else is only away is said by the service (isUnavailable)', async () => {
    const isRetriable = (error: unknown): boolean => error instanceof RangeError;
    await handleOne(
      options((attempt) => (attempt < 3 ? new RangeError('pool') : undefined), { isRetriable }),
      turn(),
    );
    expect([attempts, reasons()]).toEqual([3, []]);
  });

  test('retriable failures do not use up the attempts of a later error', async () => {
    const failure = (attempt: number): Error => (attempt <= 2 ? new Retry('away') : new Error('bug'));
    await handleOne(options(failure), turn());
    expect([attempts, reasons()]).toEqual([7, ['Error: bug']]);
  });

  test('F19: nothing is tried, and nothing buried, once the partition is no longer ours', async () => {
    const isOurs = (): boolean => attempts < 2;
    expect(
      await handleOne(
        options(() => new Error('bug')),
        turn('{}', { isOurs }),
      ),
    ).toBe('not-ours');
    expect([attempts, reasons()]).toEqual([2, []]);
  });

  test('F19: whoever gives a record up waits for nothing any more', async () => {
    const failing = options(() => new Retry('away'));
    await handleOne(failing, turn('{}', { isOurs: () => attempts < 2 }));
    const heartbeat = (): Promise<void> => Promise.reject(new Error('REBALANCE_IN_PROGRESS'));
    await expect(handleOne(failing, turn('{}', { heartbeat }))).rejects.toThrow('REBALANCE_IN_PROGRESS');
    expect(waited).toEqual(['Retry: away', 'Retry: away', null, 'Retry: away', null]);
  });

  test('a heartbeat that says the group rebalances ends the turn', async () => {
    const heartbeat = async (): Promise<void> => {
      throw new Error('REBALANCE_IN_PROGRESS');
    };
    const handling = handleOne(
      options(() => new Error('bug')),
      turn('{}', { heartbeat }),
    );
    await expect(handling).rejects.toThrow('REBALANCE_IN_PROGRESS');
  });

  test('a dead letter that cannot be written stops the partition, for no record is skipped in silence', async () => {
    let tries = 0;
    const bury = async (letter: DeadLetter): Promise<void> => {
      if (++tries < 3) throw new Error('Kafka is down');
      buried.push(letter);
    };
    await handleOne(
      options(() => new Poison('bad'), { deadLetters: { bury } }),
      turn(),
    );
    expect([tries, attempts, reasons()]).toEqual([3, 1, ['Poison: bad']]);
    expect(waited.at(-1)).toBeNull();
  });
});

describe('health is progress', () => {
  const lag = (committed: number, end: number, partition = 0): PartitionLag => ({
    topic: 't',
    partition,
    committed,
    end,
    lag: end - committed,
  });

  test('F20: lag and no step for 30 s is stuck; a step begins anew', () => {
    const progress = new Progress(30_000, 60_000, 0);
    expect(progress.observe([lag(5, 9)], 0)).toBe('still');
    expect(progress.observe([lag(5, 9)], 29_999)).toBe('still');
    expect(progress.observe([lag(6, 9)], 30_000)).toBe('moving');
    expect(progress.observe([lag(6, 12)], 59_999)).toBe('still');
    expect(progress.observe([lag(6, 12)], 60_000)).toBe('stuck');
    expect(progress.lag).toBe(6);
  });

  test('no lag is idle, however long, and lag that comes later has its own 30 s', () => {
    const progress = new Progress(30_000, 60_000, 0);
    expect(progress.observe([lag(9, 9)], 0)).toBe('idle');
    expect(progress.observe([lag(9, 9)], 100_000)).toBe('idle');
    expect(progress.observe([lag(9, 10)], 105_000)).toBe('still');
    expect(progress.observe([lag(9, 10)], 134_000)).toBe('still');
    expect(progress.observe([lag(9, 10)], 135_000)).toBe('stuck');
  });

  test('the first look is no step: a new consumer that hangs like the last one has made no progress', () => {
    const progress = new Progress(30_000, 60_000, 0);
    progress.observe([lag(5, 9)], 0);
    progress.startOver(30_000);
    expect(progress.observe([lag(5, 9)], 31_000)).toBe('still');
    expect(progress.observe([lag(7, 9)], 32_000)).toBe('moving');
  });

  test('one stuck partition among moving ones is stuck', () => {
    const progress = new Progress(30_000, 60_000, 0);
    for (const now of [0, 10_000, 20_000]) progress.observe([lag(5, 9), lag(now, now + 50, 1)], now);
    expect(progress.observe([lag(5, 9), lag(30_000, 30_050, 1)], 30_000)).toBe('stuck');
  });

  test('F12: of a partition that is not expected to move only the lag counts, and its 30 s begin when it is again', () => {
    const progress = new Progress(30_000, 60_000, 0);
    const first = ({ partition }: PartitionLag): boolean => partition === 0;
    const both = (moved: number): PartitionLag[] => [lag(moved, 9), lag(5, 9, 1)];
    expect(progress.observe(both(1), 0)).toBe('still');
    expect(progress.observe(both(2), 29_000, first)).toBe('moving');
    expect([progress.observe(both(2), 58_000, first), progress.lag]).toEqual(['still', 11]);
    expect(progress.observe(both(3), 59_000)).toBe('moving');
    expect(progress.observe(both(4), 88_000)).toBe('moving');
    expect(progress.observe(both(5), 89_000)).toBe('stuck');
  });

  test('what was stuck has recovered by its own next step, not by another’s, or when nothing of it is left', () => {
    const progress = new Progress(30_000, 60_000, 0);
    expect(progress.hasRecovered([lag(5, 9)])).toBe(true);
    progress.observe([lag(5, 9), lag(1, 50, 1)], 0);
    expect(progress.observe([lag(5, 9), lag(20, 50, 1)], 30_000)).toBe('stuck');
    progress.startOver(31_000);
    expect(progress.hasRecovered([lag(5, 9), lag(30, 50, 1)])).toBe(false);
    expect(progress.hasRecovered([lag(6, 9), lag(30, 50, 1)])).toBe(true);
    progress.observe([lag(6, 9)], 32_000);
    expect(progress.observe([lag(6, 9)], 62_000)).toBe('stuck');
    expect([progress.hasRecovered([lag(6, 9)]), progress.hasRecovered([lag(6, 6)])]).toEqual([false, true]);
  });

  test('a consumer that joins no group for 60 s is stuck; one that holds no partition is idle', () => {
    const progress = new Progress(30_000, 60_000, 1_000);
    expect(progress.observe(undefined, 60_999)).toBe('still');
    expect(progress.observe(undefined, 61_000)).toBe('stuck');
    progress.startOver(61_000);
    expect(progress.observe(undefined, 90_000)).toBe('still');
    expect(progress.observe([], 95_000)).toBe('idle');
  });
});
