import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';
import { PROBLEMS, type ProblemSlug } from '@parley/contracts/problem';
import { ProblemError } from './problem.js';
import { newContext } from './request-context.js';

export const MAX_HEADER_BYTES = 16 * 1024;

/** Limits of the wire (reliability.md, section 6). */
const LIMITS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Above a balancer's usual 60 s: whoever closes an idle connection first must not be us.
  keepAliveTimeout: 65_000,
  // Node looks for late ones only so often; by default every 30 s.
  connectionsCheckingInterval: 1000,
} as const;
const MAX_CONNECTIONS = 10_000;

export function createHttpServer(app: Express): Server {
  const server = createServer(LIMITS, app);
  server.maxConnections = MAX_CONNECTIONS;
  // None dropped in silence: the front door refuses too many.
  server.maxHeadersCount = 0;
  server.on('clientError', answerUnreadable);
  return server;
}

/** What no request could be made of: written by hand on the socket, in the same form as every refusal. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const slug = slugOf(error.code);
  const { status, title } = PROBLEMS[slug];
  const body = JSON.stringify(new ProblemError(slug, undefined, {}).toBody(newContext(undefined).traceId));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function slugOf(code: string | undefined): ProblemSlug {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timeout' : 'malformed';
}
