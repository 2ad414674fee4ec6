import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { expect } from '@jest/globals';
import { Problem } from '@parley/contracts/problem';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** fetch normalises paths and forbids headers; this sends what it is told. */
export const ask = (port: number, path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });

const JSON_TYPE = { 'content-type': 'application/json' };
export const post = (
  port: number,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = JSON_TYPE,
) => ask(port, path, { method: 'POST', body, headers });

/** The answer as the problem that it must be. */
export function problemIn(answer: Answer): Problem {
  expect(answer.headers['content-type']).toBe('application/problem+json');
  const problem = Problem.parse(JSON.parse(answer.text));
  expect(problem.status).toBe(answer.status);
  expect(problem.traceId).toMatch(/^[0-9a-f]{32}$/);
  return problem;
}

export const refused = (answer: Answer): [number, string] => [
  answer.status,
  problemIn(answer).type.replace('/problems/', ''),
];

/** Bytes on a socket, and all that comes back until it is closed. */
export const rawExchange = (port: number, bytes: string): Promise<{ text: string; ms: number }> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const socket = connect(port, 'localhost', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', (error) => (text === '' ? reject(error) : undefined));
    socket.on('close', () => resolve({ text, ms: performance.now() - startedAt }));
  });
