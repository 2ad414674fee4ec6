import { createServer, get, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Request, Response } from 'express';
import type { RunningService } from '../src/run-service.js';
import { Shutdown } from '../src/shutdown.js';
import { Streams } from '../src/sse.js';
import { ask, problemIn, refused } from './asking.js';
import { Feed, feed, silent, startSmall } from './small-service.js';

let service: RunningService;
let streams: Streams;
beforeAll(async () => {
  service = await startSmall({}, { PARLEY_RATE_LIMIT: '1000000' });
  streams = service.app.get(Streams);
});
const readers: Reader[] = [];
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});
afterAll(() => service.stop());

const until = async (what: () => boolean): Promise<void> => {
  for (let tries = 0; !what() && tries < 500; tries += 1) await sleep(10);
  expect(what()).toBe(true);
};

class Reader {
  text = '';
  ended = false;
  private request: ClientRequest | undefined;
  response: IncomingMessage | undefined;
  async open(headers: Record<string, string> = {}): Promise<this> {
    readers.push(this);
    this.response = await new Promise<IncomingMessage>((resolve, reject) => {
      this.request = get({ port: service.port, path: '/inbox/v1/stream', headers, agent: false }, resolve);
      this.request.on('error', reject);
    });
    this.response.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    this.response.on('end', () => (this.ended = true));
    this.response.on('error', () => (this.ended = true));
    return this;
  }
  close(): void {
    this.request?.destroy();
  }
  get events(): string[] {
    return [...this.text.matchAll(/^id: (\d+)\nevent: (\S+)\ndata: (.*)$/gm)].map(
      ([, id, event, data]) => `${id} ${event} ${data}`,
    );
  }
}

test('a stream says where it stands, then each change', async () => {
  const reader = await new Reader().open();
  expect(reader.response?.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  await until(() => reader.events.length === 1);
  expect(reader.text).toMatch(/^retry: 2000\n\n/);
  feed.publish({ a: 1 });
  feed.publish({ a: 'two\nlines' });
  await until(() => reader.events.length === 3);
  expect(reader.events).toEqual(['0 ready {}', '1 change {"a":1}', '2 change {"a":"two\\nlines"}']);
  reader.close();
  await until(() => streams.size === 0 && feed.listeners.size === 0);
});

test('Last-Event-ID replays what was missed, and goes on', async () => {
  const reader = await new Reader().open({ 'last-event-id': '1' });
  feed.publish({ a: 3 });
  await until(() => reader.events.length === 2);
  expect(reader.events).toEqual(['2 change {"a":"two\\nlines"}', '3 change {"a":3}']);
  reader.close();
});

test('what happens during the replay comes once and in order', async () => {
  const replay = feed.replay.bind(feed);
  const gate = Promise.withResolvers<void>();
  feed.replay = async (after) => {
    await gate.promise;
    return replay(after);
  };
  const reader = new Reader();
  const opening = reader.open({ 'last-event-id': '2' });
  await until(() => feed.listeners.size === 1);
  feed.publish({ a: 4 });
  gate.resolve();
  await opening;
  feed.replay = replay;
  feed.publish({ a: 5 });
  await until(() => reader.events.length === 3);
  expect(reader.events).toEqual(['3 change {"a":3}', '4 change {"a":4}', '5 change {"a":5}']);
  reader.close();
});

test.each(['99', '-1', 'abc', '1; drop table', '9999999999999999999', '1e3'])(
  'Last-Event-ID %s, which we never gave, resets',
  async (id) => {
    const reader = await new Reader().open({ 'last-event-id': id });
    await until(() => reader.events.length === 1);
    expect(reader.events).toEqual(['5 reset {}']);
    reader.close();
  },
);

test('a position that is forgotten resets', async () => {
  feed.forget(3);
  const reader = await new Reader().open({ 'last-event-id': '1' });
  await until(() => reader.events.length === 1);
  expect(reader.events).toEqual(['5 reset {}']);
  reader.close();
});

test('a failing replay is a problem, not a broken stream', async () => {
  const replay = feed.replay.bind(feed);
  feed.replay = () => Promise.reject(new Error('away'));
  expect(refused(await ask(service.port, '/inbox/v1/stream', { headers: { 'last-event-id': '5' } }))).toEqual([
    500,
    'internal',
  ]);
  feed.replay = replay;
  await until(() => streams.size === 0 && feed.listeners.size === 0);
});

test('20 streams a user, the next is 429, another user’s is not', async () => {
  const busy = await Promise.all(Array.from({ length: 20 }, () => new Reader().open({ 'x-user': 'busy' })));
  const one = await ask(service.port, '/inbox/v1/stream', { headers: { 'x-user': 'busy' } });
  expect([refused(one), one.headers['retry-after']]).toEqual([[429, 'rate-limited'], '5']);
  expect(problemIn(one).retryable).toBe(true);
  const other = await new Reader().open({ 'x-user': 'calm' });
  busy[0]?.close();
  await until(() => streams.size === 20);
  const again = await new Reader().open({ 'x-user': 'busy' });
  for (const reader of [...busy, other, again]) reader.close();
  await until(() => streams.size === 0);
});

test('HEAD has the headers at once, also beside 20 streams, and is no stream', async () => {
  const headers = { 'x-user': 'looks' };
  for (let n = 0; n < 20; n += 1) await new Reader().open(headers);
  const answer = await ask(service.port, '/inbox/v1/stream', { method: 'HEAD', headers });
  expect([answer.status, answer.text, streams.size]).toEqual([200, '', 20]);
  expect(answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for (const reader of readers) reader.close();
  await until(() => streams.size === 0 && feed.listeners.size === 0);
});

test('a stream ends with its token', async () => {
  const reader = await new Reader().open({ 'x-expires': new Date(Date.now() + 150).toISOString() });
  await until(() => reader.ended);
  expect(reader.text.endsWith('event: unauthenticated\ndata: {}\n\n')).toBe(true);
  await until(() => streams.size === 0);
});

test('2,000 connects cut at 20 ms leave no subscription and no count', async () => {
  const subscribe = feed.subscribe.bind(feed);
  let subscribed = 0;
  feed.subscribe = (listener) => ((subscribed += 1), subscribe(listener));
  const cut = async (_: unknown, n: number): Promise<void> => {
    const headers = { 'x-user': `cut-${n % 10}` };
    const request = get({ port: service.port, path: '/inbox/v1/stream', headers, agent: false });
    request.on('error', () => undefined);
    request.on('response', (response) => void response.resume().on('error', () => undefined));
    await sleep(20);
    request.destroy();
  };
  for (let batch = 0; batch < 40; batch += 1) await Promise.all(Array.from({ length: 50 }, cut));
  await until(() => streams.size === 0 && feed.listeners.size === 0);
  feed.subscribe = subscribe;
  // How many of them came so far before the cut is the machine's speed; what they leave behind is ours.
  expect(subscribed).toBeGreaterThan(0);
  const again = await Promise.all(Array.from({ length: 20 }, () => new Reader().open({ 'x-user': 'cut-0' })));
  expect(again.map(({ response }) => response?.statusCode)).toEqual(Array(20).fill(200));
}, 60_000);

test('stopping ends the streams, tells when to come back, and takes no second', async () => {
  const own = await startSmall();
  const reader = new Reader();
  const port = service.port;
  Object.assign(service, { port: own.port });
  await reader.open();
  Object.assign(service, { port });
  const startedAt = performance.now();
  await own.stop();
  await until(() => reader.ended);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(reader.text.endsWith('retry: 2000\n\n')).toBe(true);
});

test('F12: a reader whose socket takes nothing any more is gone soon after its stream has ended', async () => {
  const [shutdown, own] = [new Shutdown(silent), new Feed()];
  const ownStreams = new Streams(shutdown);
  const opened = Promise.withResolvers<ServerResponse>();
  const server = createServer((request, response) => {
    const asked = Object.assign(request, { header: () => undefined }) as unknown as Request;
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    void ownStreams.serve(asked, response as unknown as Response, { user: 'demo/a', source: own, expiresAt });
    opened.resolve(response);
  }).listen(0);
  const { port } = server.address() as AddressInfo;
  const request = get({ port, agent: false }, (deaf) => void deaf.pause().on('error', () => undefined));
  request.on('error', () => undefined);
  const response = await opened.promise;
  await until(() => own.listeners.size === 1 && response.headersSent);
  const taken = async (): Promise<boolean> => {
    for (let looks = 0; looks < 20 && response.writableLength > 0; looks += 1) await sleep(10);
    return response.writableLength === 0;
  };
  do own.publish('x'.repeat(200_000));
  while (await taken());
  await shutdown.runStage('streams');
  expect([response.writableEnded, response.writableFinished, ownStreams.size]).toEqual([true, false, 1]);
  await until(() => ownStreams.size === 0);
  expect([response.destroyed, own.listeners.size]).toEqual([true, 0]);
  request.destroy();
  server.close();
});
