import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send, type RequestListener, type Server } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Problem, PROBLEMS } from '@parley/contracts/problem';
import { forwardedHeaders, gateway, upstreamPort } from '../../deploy/local/gateway.ts';
import { listen, type Listening, wireLimits } from '../../deploy/local/http.ts';
import { freePort, portPlan } from '../../deploy/local/ports.ts';
import { profileOf } from '../../deploy/local/profile.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

/** A gateway on a free port whose inbox is `inbox`, or nobody. */
async function gatewayTo(inbox?: RequestListener): Promise<string> {
  const ports = { ...portPlan(4000), gateway: await freePort(), inbox: await freePort() };
  if (inbox) open.push(await serve(createServer(inbox), ports.inbox));
  const listening: Listening = await gateway({ ...profileOf('test', {}), ports });
  open.push(listening.close);
  return `http://127.0.0.1:${ports.gateway}`;
}

async function serve(server: Server, port: number): Promise<() => Promise<void>> {
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
}

describe('which service gets a request', () => {
  const plan = portPlan(4000);
  test.each([
    ['/inbox/v1/desk', plan.inbox],
    ['/admin?x=1', plan.admin],
    ['/stats', plan.stats],
    ['/notifications/health/live', plan.notifications],
    ['/', plan.console],
    ['/problems/already-closed', plan.console],
    ['/inboxes', plan.console],
    ['/shop/inbox/', plan.console],
  ])('%s goes to %d', (path, port) => {
    expect(upstreamPort(plan, path)).toBe(port);
  });
});

test('headers of the message pass, those of the connection stay', () => {
  const headers = {
    host: 'localhost:4000',
    'keep-alive': '5',
    te: 'trailers',
    'if-match': '"3"',
    'x-forwarded-for': '10.0.0.1',
  };
  expect(forwardedHeaders(headers, '127.0.0.1')).toEqual({
    host: 'localhost:4000',
    'if-match': '"3"',
    'x-forwarded-for': '10.0.0.1, 127.0.0.1',
    'x-forwarded-host': 'localhost:4000',
    'x-forwarded-proto': 'http',
  });
});

describe('the gateway', () => {
  test('passes method, path, body, status and every cookie', async () => {
    const url = await gatewayTo((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(409, { 'set-cookie': ['a=1', 'b=2'] });
        response.end(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
      });
    });
    const answer = await fetch(`${url}/inbox/v1/x?y=1%20z`, { method: 'PUT', body: 'hello' });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([409, ['a=1', 'b=2']]);
    expect(await answer.text()).toBe('PUT /inbox/v1/x?y=1%20z hello');
  });

  test('streams: an event is there before the next is sent, and a reader that leaves is noticed', async () => {
    let left: () => void = () => undefined;
    const hasLeft = new Promise<void>((resolve) => (left = resolve));
    const url = await gatewayTo((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('id: 1\n\n');
      response.on('close', left);
    });
    const reading = new AbortController();
    const answer = await fetch(`${url}/inbox/v1/desk/stream`, { signal: reading.signal });
    const chunk = await answer.body?.getReader().read();
    expect(Buffer.from(chunk?.value ?? []).toString()).toBe('id: 1\n\n');
    reading.abort();
    await hasLeft;
  });

  test('says within 2 s that a service is away, and when to ask again', async () => {
    const url = await gatewayTo();
    const askedAt = Date.now();
    const trace = 'a'.repeat(32);
    const headers = { traceparent: `00-${trace}-${'b'.repeat(16)}-01` };
    const answer = await fetch(`${url}/inbox/v1/desk`, { headers });
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type')]).toEqual([
      503,
      '1',
      'application/problem+json',
    ]);
    const body = Problem.parse(await answer.json());
    expect(body).toMatchObject({
      ...{ type: '/problems/unavailable', status: 503, title: PROBLEMS.unavailable.title, retryable: true },
      ...{ reasonCode: null, currentSequence: null, nextConversationId: null, commandId: null },
      ...{ traceId: trace, errors: [] },
    });
    expect(Date.now() - askedAt).toBeLessThan(2_000);
  });
});

/** A service that answers as soon as it hears anything, and is gone with whatever else was sent to it. */
async function gatewayToHasty(status: number, largestBody?: number): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const ports = { ...portPlan(4000), gateway: await freePort(), inbox: await freePort() };
  const hasty = createTcpServer((socket) => {
    asked += 1;
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.pause();
      socket.write(`HTTP/1.1 ${status} Early\r\ncontent-length: 5\r\nconnection: close\r\n\r\nearly`, () =>
        socket.destroy(),
      );
    });
  });
  hasty.listen(ports.inbox, '127.0.0.1');
  await once(hasty, 'listening');
  const listening = await gateway({ ...profileOf('test', {}), ports }, largestBody);
  open.push(listening.close, async () => void hasty.close());
  return { url: `http://127.0.0.1:${ports.gateway}/inbox/v1/x`, asked: () => asked };
}

const KB = 1024;
/** Uploads all of it, in pieces, whatever is answered meanwhile. */
async function upload(url: string, bytes: number, headers: Record<string, string>): Promise<[number, string]> {
  const request = send(url, { method: 'POST', headers, agent: false });
  // Who has read a whole answer is told no more; before that an error is one of `once` or `text`.
  request.on('error', () => undefined);
  const piece = Buffer.alloc(Math.min(bytes, 16 * KB), 'x');
  Readable.from(Array.from({ length: Math.ceil(bytes / piece.length) }, () => piece)).pipe(request);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return [answer.statusCode ?? 0, await text(answer)];
}
const times = <T>(count: number, each: () => Promise<T>): Promise<T[]> =>
  Array.from({ length: count }).reduce<Promise<T[]>>(
    async (before) => [...(await before), await each()],
    Promise.resolve([]),
  );

describe('a body', () => {
  const sizes = [300 * KB, 700 * KB, 10 * KB * KB];

  test.each(sizes)('that says it has %d bytes is refused before any service sees it', async (bytes) => {
    const { url, asked } = await gatewayToHasty(413);
    const length = String(Math.ceil(bytes / (16 * KB)) * 16 * KB);
    const answers = await times(5, () => upload(url, bytes, { 'content-length': length }));
    expect(answers.map(([status]) => status)).toEqual([413, 413, 413, 413, 413]);
    expect(Problem.parse(JSON.parse(answers[0]?.[1] ?? ''))).toMatchObject({
      ...{ type: '/problems/too-large', title: PROBLEMS['too-large'].title, retryable: false },
    });
    expect(asked()).toBe(0);
  });

  test.each(sizes)('of %d bytes that does not say so is refused by whoever notices first', async (bytes) => {
    const { url } = await gatewayToHasty(413);
    const answers = await times(10, () => upload(url, bytes, { 'transfer-encoding': 'chunked' }));
    expect(answers.map(([status]) => status)).toEqual(answers.map(() => 413));
  });

  test('that does not say so, for a service that only reads: refused when it is too much', async () => {
    const url = await gatewayTo((request) => void request.resume());
    const [status, body] = await upload(`${url}/inbox/v1/x`, 300 * KB, { 'transfer-encoding': 'chunked' });
    expect([status, Problem.parse(JSON.parse(body)).type]).toEqual([413, '/problems/too-large']);
  });

  test('still on its way when the service answers and hangs up: the answer is the service’s', async () => {
    const { url, asked } = await gatewayToHasty(415, Infinity);
    for (const bytes of [60 * KB, ...sizes]) {
      const answers = await times(5, () => upload(url, bytes, { 'transfer-encoding': 'chunked' }));
      expect([bytes, answers]).toEqual([bytes, answers.map(() => [415, 'early'])]);
    }
    expect(asked()).toBe(20);
  });
});

describe('a request that does not come to its end', () => {
  test('is given up as soon as by a service', () => {
    expect(wireLimits).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
    });
  });

  test('half its headers: 408, and the connection is closed; a stream that is read lasts', async () => {
    const port = await freePort();
    const limits = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 50 };
    let more: () => void = () => undefined;
    const stream: RequestListener = (_request, response) => {
      response.write('id: 1\n\n');
      more = () => void response.end('id: 2\n\n');
    };
    open.push((await listen('gateway', port, stream, limits)).close);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    const late = connect(port, '127.0.0.1');
    late.write('GET / HTTP/1.1\r\nhost: x\r\n');
    expect(await text(late)).toMatch(/^HTTP\/1\.1 408 /);
    more();
    expect(await answer.text()).toBe('id: 1\n\nid: 2\n\n');
  });
});
