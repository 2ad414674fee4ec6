import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { endAfterUpload } from './gateway.upload.ts';

const problems = {
  413: { type: '/problems/too-large', title: 'Too large', detail: 'The body is larger than 64 KiB.', retryable: false },
  503: {
    type: '/problems/unavailable',
    title: 'Not just now',
    detail: 'It is starting or being started again. Ask again in a second; nothing was changed.',
    retryable: true,
  },
  504: {
    type: '/problems/outcome-unknown',
    title: 'Sent, but not answered',
    detail: 'A command may have been carried out. Ask again with the same Idempotency-Key.',
    retryable: true,
  },
} as const;

/** No conversation was looked at, and no command is known by name here. */
const UNKNOWN = { reasonCode: null, currentSequence: null, nextConversationId: null, commandId: null };

/** The gateway's own answers, in the shape of every other refusal (RFC 9457). */
export function answerProblem(request: IncomingMessage, response: ServerResponse, status: keyof typeof problems): void {
  if (response.headersSent || response.destroyed) return;
  const problem = problems[status];
  const body = JSON.stringify({ ...problem, status, ...UNKNOWN, traceId: traceIdOf(request), errors: [] });
  const again = problem.retryable ? { 'retry-after': '1' } : {};
  const length = { 'content-length': Buffer.byteLength(body) };
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...length, ...again };
  response.writeHead(status, headers).write(body);
  endAfterUpload(request, response);
}

/** The caller's own trace (W3C Trace Context), so that it finds its request again; else a new one. */
function traceIdOf({ headers }: IncomingMessage): string {
  const [, traceId] = /^00-([0-9a-f]{32})-/.exec(String(headers['traceparent'])) ?? [];
  return traceId ?? randomBytes(16).toString('hex');
}
