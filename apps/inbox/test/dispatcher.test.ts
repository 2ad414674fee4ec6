import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createLog } from '@parley/service/log';
import { Shutdown } from '@parley/service/shutdown';
import { eventually } from '../../../test/parts/eventually.js';
import { Dispatcher } from '../src/dispatch/dispatcher.js';

interface Taken {
  claim: { threadId: string };
  inHand: { message: { threadId: string } };
}
const log = createLog('inbox', 'silent');
const taken = (threadId: string): Taken => ({ claim: { threadId }, inHand: { message: { threadId } } });
const placed = { kind: 'placed' };

/** Threads that refill as fast as they are served; answers what was given of each, and who was claimed. */
function dispatching(names: string[]) {
  const shutdown = new Shutdown(log);
  const waiting = [...names];
  const given = new Map<string, number>();
  const claimed: string[] = [];
  const claims = {
    claim: async (limit: number) => {
      const some = waiting.splice(0, limit).map(taken);
      claimed.push(...some.map(({ claim }) => claim.threadId));
      return { taken: some, isFull: some.length === limit };
    },
    keepAll: async () => undefined,
  };
  const handOver = {
    give: async ({ threadId }: Taken['claim']) => {
      given.set(threadId, (given.get(threadId) ?? 0) + 1);
      await setImmediate();
      return placed;
    },
  };
  const placing = {
    placed: async ({ threadId }: Taken['claim'], inHand: Taken['inHand'], _: unknown, goesOn: boolean) => {
      if (goesOn) return inHand;
      waiting.push(threadId);
      return undefined;
    },
  };
  const metrics = { settled: () => undefined } as never;
  const [database, ...parts] = [{ listen: () => undefined }, claims, handOver, placing] as never[] as [
    never,
    never,
    never,
    never,
  ];
  const dispatcher = new Dispatcher(database, log, ...parts, metrics, shutdown);
  dispatcher.onApplicationBootstrap();
  return { given, claimed, stop: () => shutdown.runStage('workers') };
}
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `th_${index}`);

test('threads that are served as fast as they refill let others have their turn, after so many messages', async () => {
  const { given, stop } = dispatching(names(40));
  await eventually(
    () => given.get('th_39') ?? 0,
    (count) => count >= 50,
  );
  await stop();
  expect(Math.max(...given.values()) - Math.min(...given.values())).toBeLessThanOrEqual(100);
});

test('while nobody else could be held up, a thread goes on', async () => {
  const { given, claimed, stop } = dispatching(names(3));
  await eventually(
    () => given.get('th_0') ?? 0,
    (count) => count > 200,
  );
  await stop();
  expect(claimed).toEqual(names(3));
});
