import {
  Agent,
  request as send,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { answerProblem } from './gateway.problem.ts';
import { endAfterUpload, maxBodyBytes, uploadOf } from './gateway.upload.ts';
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

export async function gateway({ ports }: Profile, largestBody = maxBodyBytes): Promise<Listening> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const listening = await listen('gateway', ports.gateway, (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) > largestBody) answerProblem(request, response, 413);
    else forward({ agent, port: upstreamPort(ports, request.url ?? '/'), largestBody }, request, response);
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
function forward(
  { agent, port, largestBody }: { agent: Agent; port: number; largestBody: number },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const upstream = send({
    agent,
    host: '127.0.0.1',
    port,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: forwardedHeaders(request.headers, request.socket.remoteAddress),
  });
  const connecting = setTimeout(() => upstream.destroy(new Error('no connection')), connectMs);
  const answering = setTimeout(() => refuse(504), firstByteMs);
  const upload = uploadOf(largestBody, () => refuse(413));
  const settle = (): void => {
    clearTimeout(connecting);
    clearTimeout(answering);
  };
  /** What is still sent of the body is read and thrown away, or its sender would never come to read the answer. */
  const endUpload = (): void => {
    request.unpipe(upload);
    upload.unpipe(upstream);
    request.resume();
  };
  const refuse = (status: 413 | 503 | 504): void => {
    settle();
    endUpload();
    answerProblem(request, response, status);
    upstream.destroy();
  };
  upstream.once('socket', (socket) => {
    if (!socket.connecting) clearTimeout(connecting);
    else socket.once('connect', () => clearTimeout(connecting));
  });
  upstream.once('response', (answer) => {
    settle();
    if (!upstream.writableEnded) endUpload();
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.headers));
    response.flushHeaders();
    answer.once('error', () => response.destroy());
    answer.pipe(response, { end: false });
    answer.once('end', () => endAfterUpload(request, response));
  });
  // After an answer has begun, its own end says whether it is whole.
  upstream.on('error', () => {
    if (!response.headersSent) refuse(503);
  });
  response.once('close', () => {
    settle();
    endUpload();
    upstream.destroy();
  });
  request.once('error', () => upstream.destroy());
  request.pipe(upload).pipe(upstream);
}
