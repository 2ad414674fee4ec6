import type { ServerResponse } from 'node:http';

const problems = {
  503: {
    type: '/problems/unavailable',
    title: 'The service is not there at this moment',
    reasonCode: 'UNAVAILABLE',
    detail: 'It is starting or being started again. Ask again in a second; nothing was changed.',
  },
  504: {
    type: '/problems/outcome-unknown',
    title: 'The service took the request and did not answer in time',
    reasonCode: 'OUTCOME_UNKNOWN',
    detail: 'A command may have been carried out. Ask again with the same Idempotency-Key.',
  },
} as const;

/** The gateway's own answers, in the shape of every other refusal (RFC 9457). */
export function answerProblem(response: ServerResponse, status: keyof typeof problems): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({ ...problems[status], status, currentSequence: null, retryable: true });
  response
    .writeHead(status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'retry-after': '1' })
    .end(body);
}
