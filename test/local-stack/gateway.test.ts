import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Problem, PROBLEMS } from '@parley/contracts/problem';
import { forwardedHeaders, gateway, upstreamPort } from '../../deploy/local/gateway.ts';
import type { Listening } from '../../deploy/local/http.ts';
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
