import {
  Agent,
  request as send,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { answerProblem } from './gateway.problem.ts';
import { listen, type Listening } from './http.ts';
import type { PortPlan } from './ports.ts';
import type { Profile } from './profile.ts';

/** A service that is up accepts within milliseconds; one that is not must be said to be away within 2 s. */
const connectMs = 1_500;
/** Longer than any command may take; a stream sends its headers at once. */
const firstByteMs = 10_000;

const prefixes = ['inbox', 'admin', 'stats', 'notifications'] as const;

/** As an Ingress would: the first part of the path names the service, the rest is the console's. */
export function upstreamPort(ports: PortPlan, path: string): number {
  const prefix = prefixes.find(
    (each) => path === `/${each}` || path.startsWith(`/${each}/`) || path.startsWith(`/${each}?`),
  );
  return prefix === undefined ? ports.console : ports[prefix];
}

/** Headers that are about one connection and not about the message (RFC 9110, 7.6.1). */
const perConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const endToEnd = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !perConnection.has(name)));

export function forwardedHeaders(headers: IncomingHttpHeaders, from: string | undefined): OutgoingHttpHeaders {
  const chain = [headers['x-forwarded-for'], from].flat().filter((each) => each !== undefined);
  return {
    ...endToEnd(headers),
    'x-forwarded-for': chain.join(', '),
    'x-forwarded-host': headers['x-forwarded-host'] ?? headers.host,
    'x-forwarded-proto': headers['x-forwarded-proto'] ?? 'http',
  };
}

export async function gateway({ ports }: Profile): Promise<Listening> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const listening = await listen('gateway', ports.gateway, (request, response) => {
    forward(agent, upstreamPort(ports, request.url ?? '/'), request, response);
  });
  return {
    name: 'gateway',
    close: async () => {
      await listening.close();
      agent.destroy();
    },
  };
}

/** Bytes pass as they come, in both directions, so that an event stream is a stream; who hangs up is heard on the other side. */
function forward(agent: Agent, port: number, request: IncomingMessage, response: ServerResponse): void {
  const upstream = send({
    agent,
    host: '127.0.0.1',
    port,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: forwardedHeaders(request.headers, request.socket.remoteAddress),
  });
  const connecting = setTimeout(() => upstream.destroy(new Error('no connection')), connectMs);
  const answering = setTimeout(() => {
    answerProblem(request, response, 504);
    upstream.destroy();
  }, firstByteMs);
  const settle = (): void => {
    clearTimeout(connecting);
    clearTimeout(answering);
  };
  upstream.once('socket', (socket) => {
    if (!socket.connecting) clearTimeout(connecting);
    else socket.once('connect', () => clearTimeout(connecting));
  });
  upstream.once('response', (answer) => {
    settle();
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.headers));
    response.flushHeaders();
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  });
  upstream.once('error', () => {
    settle();
    if (!response.headersSent) answerProblem(request, response, 503);
  });
  // Later errors are echoes of the first.
  upstream.on('error', () => undefined);
  response.once('close', () => {
    settle();
    upstream.destroy();
  });
  request.once('error', () => upstream.destroy());
  request.pipe(upstream);
}
