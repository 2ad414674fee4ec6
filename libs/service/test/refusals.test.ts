import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Problem } from '@parley/contracts/problem';
import type { RunningService } from '../src/run-service.js';
import { startSmall } from './small-service.js';

let service: RunningService;
let base: string;
beforeAll(async () => {
  service = await startSmall();
  base = `http://localhost:${service.port}/inbox/v1`;
});
afterAll(() => service.stop());

test('a thing is read', async () => {
  const response = await fetch(`${base}/things/a?status=open`);
  expect(await response.json()).toEqual({ id: 'a', status: 'open' });
  expect(response.status).toBe(200);
});
test('an unknown route is 404, a wrong method 405', async () => {
  const response = await fetch(`${base}/nothing`);
  expect(response.status).toBe(404);
  expect(Problem.parse(await response.json()).type).toBe('/problems/not-found');
  const other = await fetch(`${base}/things`, { method: 'PUT' });
  expect(other.status).toBe(405);
  expect(other.headers.get('allow')).toBe('POST');
});
