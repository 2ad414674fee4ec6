import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { NEVER } from 'rxjs';
import { AnswerInterceptor } from '../src/answer.interceptor.js';
import { ProblemError } from '../src/problem.js';
import { inRequestContext, newContext } from '../src/request-context.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** What is answered where the handler never does. */
async function afterTenSeconds(method: string): Promise<unknown> {
  const http = { getRequest: () => ({ method, headers: {} }), getResponse: () => ({ setHeader: () => undefined }) };
  const context = { getHandler: () => () => undefined, switchToHttp: () => http } as never;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  new AnswerInterceptor().intercept(context, { handle: () => NEVER }).subscribe({ error: resolve });
  jest.advanceTimersByTime(10_000);
  const error = await promise;
  return error instanceof ProblemError ? [error.status, error.extras.commandId] : error;
}

test('a change that nobody answers is 504 with the id of its command; a read is 503', async () => {
  const context = { ...newContext(undefined), commandId: 'cmd:1' };
  expect(await inRequestContext(context, () => afterTenSeconds('POST'))).toEqual([504, 'cmd:1']);
  expect(await inRequestContext(newContext(undefined), () => afterTenSeconds('PUT'))).toEqual([504, undefined]);
  expect(await inRequestContext(context, () => afterTenSeconds('GET'))).toEqual([503, undefined]);
});
