import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RunningService } from '../src/run-service.js';
import { ask, rawExchange } from './asking.js';
import { startSmall } from './small-service.js';

let service: RunningService;
let port: number;
beforeAll(async () => {
  service = await startSmall();
  port = service.port;
});
afterAll(() => service.stop());

const head = 'POST /inbox/v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);

test.each([
  [
    'Content-Length and Transfer-Encoding',
    `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['an unknown Transfer-Encoding', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
  ['two lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{"a":1`, 400],
  ['a header of 20 KB', `${head}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['2,000 headers', `${head}${'X-A: b\r\n'.repeat(2000)}Connection: close\r\nX-Last: ${'c'.repeat(8000)}\r\n\r\n`, 431],
  ['no HTTP', 'hello\r\n\r\n', 400],
])('%s is refused in the one form', async (_, bytes, status) => {
  const { text } = await rawExchange(port, bytes);
  expect(statusOf(text)).toBe(status);
  expect(text).toContain('Content-Type: application/problem+json');
  expect(text).toContain('"type":"/problems/');
});

test('a body that ends early leaves the service well', async () => {
  const { text } = await rawExchange(port, `${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`);
  expect(statusOf(text)).toBe(422);
  await new Promise<void>((resolve) => {
    void rawExchange(port, `${head}Content-Length: 50\r\n\r\n{"na`).catch(() => undefined);
    setTimeout(resolve, 50);
  });
  expect((await ask(port, '/inbox/health/live')).status).toBe(200);
});

test('headers and bodies that trickle in end in time', async () => {
  const trickling = [
    rawExchange(port, 'GET /inbox/v1/things/a HTTP/1.1\r\nHost: localhost\r\nX-Slow: '),
    rawExchange(port, `${head}Content-Length: 50\r\n\r\n{"name":`),
  ];
  for (const { text, ms } of await Promise.all(trickling)) {
    expect(statusOf(text)).toBe(408);
    expect(text).toContain('"type":"/problems/timeout"');
    expect(ms).toBeLessThan(12_000);
  }
}, 20_000);
