import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const problems = {
  503: {
    type: '/problems/unavailable',
    title: 'Not just now',
    detail: 'It is starting or being started again. Ask again in a second; nothing was changed.',
  },
  504: {
    type: '/problems/outcome-unknown',
    title: 'Sent, but not answered',
    detail: 'A command may have been carried out. Ask again with the same Idempotency-Key.',
  },
} as const;

/** No conversation was looked at, and no command is known by name here. */
const UNKNOWN = { reasonCode: null, currentSequence: null, nextConversationId: null, commandId: null };

/** The gateway's own answers, in the shape of every other refusal (RFC 9457). */
export function answerProblem(request: IncomingMessage, response: ServerResponse, status: keyof typeof problems): void {
  if (response.headersSent || response.destroyed) return;
  const body = { ...problems[status], status, ...UNKNOWN, traceId: traceIdOf(request), errors: [], retryable: true };
  response
    .writeHead(status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'retry-after': '1' })
    .end(JSON.stringify(body));
}

/** The caller's own trace (W3C Trace Context), so that it finds its request again; else a new one. */
function traceIdOf({ headers }: IncomingMessage): string {
  const [, traceId] = /^00-([0-9a-f]{32})-/.exec(String(headers['traceparent'])) ?? [];
  return traceId ?? randomBytes(16).toString('hex');
}
