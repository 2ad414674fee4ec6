import { Controller, Module } from '@nestjs/common';
import { get } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { Health } from '../src/health.js';
import { Route, route } from '../src/route.js';
import { startService, type RunningService } from '../src/run-service.js';
import { Shutdown } from '../src/shutdown.js';
import { Streams } from '../src/sse.js';
import { ask, post, refused } from './asking.js';
import { settings, silent, startSmall } from './small-service.js';

let gate = Promise.withResolvers<string>();
let entered = Promise.withResolvers<void>();
const slow = { summary: 'Waits', path: 'slow' };

@Controller()
class SlowController {
  @Route(route({ ...slow, method: 'GET' }))
  read() {
    entered.resolve();
    return gate.promise;
  }
  @Route(route({ ...slow, method: 'POST' }))
  write() {
    return gate.promise;
  }
}
@Module({ controllers: [SlowController] })
class SlowModule {}

const start = (env: Record<string, string> = {}): Promise<RunningService> => {
  gate = Promise.withResolvers();
  entered = Promise.withResolvers();
  return startService({ name: 'stats', module: () => SlowModule }, settings(env), silent);
};
let service: RunningService | undefined;
afterEach(async () => {
  gate.resolve('');
  await service?.stop();
  service = undefined;
});
const path = '/stats/v1/slow';

test('readiness falls first; what is under way is answered; the stages end in order; nobody new comes in', async () => {
  const running = await start({ PARLEY_DRAIN_MS: '1500' });
  const order: string[] = [];
  const shutdown = running.app.get(Shutdown);
  for (const stage of ['database', 'producers', 'workers', 'consumers', 'streams'] as const) {
    shutdown.on(stage, () => void order.push(stage));
  }
  const asked = ask(running.port, path);
  await entered.promise;
  const stopped = running.stop();
  const ready = await ask(running.port, '/stats/health/ready');
  expect([ready.status, JSON.parse(ready.text)]).toEqual([
    503,
    { status: 'unavailable', checks: { service: { status: 'down', detail: 'stopping' } } },
  ]);
  expect((await ask(running.port, '/stats/health/live')).status).toBe(200);
  while (!order.includes('streams')) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(order).toEqual(['streams']);
  gate.resolve('late');
  expect((await asked).text).toBe('late');
  await stopped;
  expect(order).toEqual(['streams', 'consumers', 'workers', 'producers', 'database']);
  await expect(ask(running.port, path)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('300 live streams and 20 idle connections do not hold it up', async () => {
  // All from one address: a fast machine asks faster than the limit lets through.
  const running = await startSmall({}, { PARLEY_RATE_LIMIT: '1000' });
  const failed: Error[] = [];
  const requests = Array.from({ length: 300 }, (_, n) =>
    get({ port: running.port, path: '/inbox/v1/stream', headers: { 'x-user': `u${n}` }, agent: false })
      .on('response', (response) => response.resume())
      .on('error', (error) => failed.push(error)),
  );
  const idle = await Promise.all(
    Array.from({ length: 20 }, () => fetch(`http://localhost:${running.port}/inbox/v1/things/a`)),
  );
  await Promise.all(idle.map((response) => response.text()));
  const streams = running.app.get(Streams);
  while (streams.size + failed.length < 300) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(failed).toEqual([]);
  const startedAt = performance.now();
  await running.stop();
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect([streams.size, requests.length]).toEqual([0, 300]);
}, 90_000);

test('nothing hangs past 10 s: a read is 503, of a change nobody knows', async () => {
  service = await start();
  const startedAt = performance.now();
  const [read, written] = await Promise.all([ask(service.port, path), post(service.port, path, '{}')]);
  expect([refused(read), refused(written)]).toEqual([
    [503, 'unavailable'],
    [504, 'outcome-unknown'],
  ]);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
}, 20_000);

test('a database away makes it unready over HTTP, Kafka away does not', async () => {
  service = await start();
  const health = service.app.get(Health);
  health.add({ name: 'kafka', check: async () => false });
  expect((await ask(service.port, '/stats/health/ready')).status).toBe(200);
  health.add({ name: 'database', vital: true, check: async () => false });
  const ready = await ask(service.port, '/stats/health/ready');
  expect([ready.status, JSON.parse(ready.text)]).toEqual([
    503,
    { status: 'unavailable', checks: { kafka: { status: 'down' }, database: { status: 'down' } } },
  ]);
});
