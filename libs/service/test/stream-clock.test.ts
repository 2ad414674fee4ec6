import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Request, Response } from 'express';
import { Shutdown } from '../src/shutdown.js';
import { Streams, type StreamOptions } from '../src/sse.js';
import { Feed, silent } from './small-service.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

class Screen extends PassThrough {
  headersSent = false;
  text = '';
  constructor(reads = true) {
    super();
    if (reads) this.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
  }
  writeHead(): this {
    this.headersSent = true;
    return this;
  }
}
async function open(more: Partial<StreamOptions> = {}, screen = new Screen()) {
  const feed = new Feed();
  const streams = new Streams(new Shutdown(silent));
  const request = { header: () => undefined, destroyed: false } as unknown as Request;
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const served = streams.serve(request, screen as unknown as Response, {
    user: 'demo/a',
    source: feed,
    expiresAt,
    ...more,
  });
  await jest.advanceTimersByTimeAsync(1);
  return { feed, streams, screen, served };
}

test('something is heard every 15 s', async () => {
  const { screen } = await open();
  await jest.advanceTimersByTimeAsync(45_000);
  expect(screen.text.match(/^: still here$/gm)).toHaveLength(3);
});

test('a revoked token ends its stream within 30 s; an issuer that does not answer ends none', async () => {
  let revoked: boolean | undefined = undefined;
  const isRevoked = jest.fn(async () => revoked);
  const { screen, streams, served } = await open({ isRevoked });
  await jest.advanceTimersByTimeAsync(60_000);
  expect([isRevoked.mock.calls.length, streams.size]).toEqual([2, 1]);
  isRevoked.mockRejectedValueOnce(new Error('away'));
  await jest.advanceTimersByTimeAsync(30_000);
  expect(streams.size).toBe(1);
  revoked = true;
  await jest.advanceTimersByTimeAsync(30_000);
  expect(screen.text.endsWith('event: unauthenticated\ndata: {}\n\n')).toBe(true);
  screen.destroy();
  await jest.advanceTimersByTimeAsync(1);
  await served;
  expect([streams.size, jest.getTimerCount()]).toEqual([0, 0]);
});

test('a token without end for years does not end the stream at once', async () => {
  const { screen, streams } = await open({ expiresAt: new Date(Date.now() + 100 * 365 * 86_400_000).toISOString() });
  await jest.advanceTimersByTimeAsync(20_000);
  expect([screen.text.includes('unauthenticated'), streams.size]).toEqual([false, 1]);
});

test('a reader that does not read is cut at 1 MiB', async () => {
  const screen = new Screen(false);
  const { feed, streams } = await open({}, screen);
  for (let count = 0; count < 30 && !screen.destroyed; count += 1) feed.publish('x'.repeat(100_000));
  await jest.advanceTimersByTimeAsync(1);
  expect([screen.destroyed, streams.size, feed.listeners.size]).toEqual([true, 0, 0]);
});

test.each([
  ['its token ends', { expiresAt: new Date(Date.now() + 10_000).toISOString() }],
  ['its token is revoked', { isRevoked: async () => true }],
])('F12: when %s, a reader that does not read hears nothing more and is cut 2 s later', async (_why, more) => {
  const screen = new Screen(false);
  const errors: unknown[] = [];
  screen.on('error', (error) => errors.push(error));
  const { streams, served } = await open(more, screen);
  await jest.advanceTimersByTimeAsync(30_000);
  while (!screen.writableEnded) await jest.advanceTimersByTimeAsync(1_000);
  await jest.advanceTimersByTimeAsync(60_000);
  await served;
  expect([errors, screen.destroyed, streams.size, jest.getTimerCount()]).toEqual([[], true, 0, 0]);
});

test('an error on the way to a reader ends its stream, not the process', async () => {
  const { screen, streams, served } = await open();
  screen.emit('error', new Error('write EPIPE'));
  await served;
  expect([screen.destroyed, streams.size, jest.getTimerCount()]).toEqual([true, 0, 0]);
});
