import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROBLEMS } from '@parley/contracts/problem';
import { answerAt } from '../src/answer.js';
import { generatedDocuments } from '../src/generated-documents.js';
import { consoleServer } from '../src/server.js';

const documents = generatedDocuments(join(import.meta.dirname, '../../../libs/contracts/generated'));
const site = { links: { temporalUi: 'http://localhost:4111', mail: undefined }, documents };
const server = consoleServer(site);
let origin = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => void server.close());

test.each(Object.entries(PROBLEMS))(
  'the page of %s tells its meaning, causes, what to do, whether to retry',
  (slug, kind) => {
    const page = answerAt(`/problems/${slug}`, site)?.body ?? '';
    for (const text of [kind.title, kind.meaning, ...kind.causes, kind.whatToDo])
      expect(page).toContain(text.replaceAll("'", '&#39;'));
    expect(page).toContain(kind.retryable ? 'Yes: the same request' : 'No: the same request fails again');
  },
);

test('every dataschema is a URL that answers', async () => {
  const response = await fetch(`${origin}/schemas/conversation.closed/1-0.json`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/schema+json']);
  expect(await response.json()).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'conversation.closed',
  });
});

test('the landing page links what runs, and only what somebody told us of', async () => {
  const text = await (await fetch(`${origin}/`)).text();
  expect(text).toContain('href="http://localhost:4111"');
  expect(text).toContain('/admin/openapi.json');
  expect(text).not.toContain('>Mail<');
});

test('nothing may run on our pages', async () => {
  for (const path of ['/', '/problems', '/problems/validation', '/schemas', '/no-such-page']) {
    const response = await fetch(`${origin}${path}`);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).not.toMatch(/<script|\son\w+=|style="/);
  }
});

test.each([
  '/problems/nothing',
  '/problems/toString',
  '/problems/__proto__',
  '/schemas/../../package.json',
  '/schemas/%2e%2e/%2e%2e/package.json',
  '//x',
  '/\\',
])('GET %s is 404', async (path) => {
  expect((await fetch(`${origin}${path}`)).status).toBe(404);
});

test('other methods are 405; HEAD is GET without its body', async () => {
  const posted = await fetch(`${origin}/`, { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await fetch(`${origin}/`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});
