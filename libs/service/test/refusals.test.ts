import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningService } from '../src/run-service.js';
import { ask, post, problemIn, refused } from './asking.js';
import { startSmall } from './small-service.js';

let service: RunningService;
let port: number;
beforeAll(async () => {
  service = await startSmall();
  port = service.port;
});
afterAll(() => service.stop());

const things = '/inbox/v1/things';
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

test('what is right is answered', async () => {
  const answer = await post(port, things, '{"name":"é","inner":{"n":-1}}');
  expect([answer.status, JSON.parse(answer.text)]).toEqual([201, { name: 'é', inner: { n: -1 } }]);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['x-powered-by']).toBeUndefined();
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  expect(answer.headers['content-security-policy']).toBe("default-src 'none';frame-ancestors 'none'");
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
});

describe('bodies that cannot be read are 400 malformed', () => {
  test.each([
    ['truncated', '{"name":"a"'],
    ['trailing garbage', '{"name":"a"} x'],
    ['two values', '{"name":"a"}{"name":"b"}'],
    ['not JSON', 'name=a'],
    ['a bare NaN', '{"name":NaN}'],
    ['an unknown escape', '{"name":"\\x41"}'],
    ['a control character in a string', '{"name":"\u0001"}'],
    ['an unclosed string', '{"name":"a'],
    ['a lone backslash', '"\\'],
    ['a duplicate key', '{"name":"a","name":"b"}'],
    ['a duplicate key written otherwise', '{"name":"a","n\\u0061me":"b"}'],
    ['a duplicate key further in', '{"name":"a","inner":{"n":1, "n" :2}}'],
    ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`],
    ['60,000 levels', '['.repeat(60_000)],
    ['60,000 levels of objects', '{"a":'.repeat(12_000)],
  ])('%s', async (_, body) => {
    expect(refused(await post(port, things, body))).toEqual([400, 'malformed']);
  });

  test.each([
    ['invalid UTF-8', bytes('{"name":"', [0xff, 0xfe], '"}')],
    ['an encoded surrogate', bytes('{"name":"', [0xed, 0xa0, 0x80], '"}')],
    ['an overlong encoding', bytes('{"name":"', [0xc0, 0xaf], '"}')],
    ['UTF-16', Buffer.from('{"name":"a"}', 'utf16le')],
  ])('%s', async (_, body) => {
    expect(refused(await post(port, things, body))).toEqual([400, 'malformed']);
  });

  test('32 levels are read, and then they are only wrong', async () => {
    expect(refused(await post(port, things, `${'['.repeat(32)}${']'.repeat(32)}`))).toEqual([422, 'validation']);
  });
  test('brackets in a string are no levels', async () => {
    expect((await post(port, things, '{"name":"[[[[{{\\"["}')).status).toBe(201);
  });
});

describe('size and media type', () => {
  test('a body of exactly 64 KiB is read', async () => {
    const body = `{"name":"a"}${' '.repeat(64 * 1024 - 12)}`;
    expect((await post(port, things, body)).status).toBe(201);
  });
  test('one byte more is 413, said by its length', async () => {
    expect(refused(await post(port, things, `{"name":"a"}${' '.repeat(64 * 1024 - 11)}`))).toEqual([413, 'too-large']);
  });
  test('10 MB without a length is 413', async () => {
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    expect(refused(await post(port, things, `"${'a'.repeat(10_000_000)}"`, headers))).toEqual([413, 'too-large']);
  });
  test('413 comes before 415', async () => {
    const answer = await post(port, things, 'a'.repeat(70_000), { 'content-type': 'text/plain' });
    expect(refused(answer)).toEqual([413, 'too-large']);
  });
  test.each([
    ['text', { 'content-type': 'text/plain' }],
    ['no type', {}],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['JSON in UTF-16', { 'content-type': 'application/json; charset=utf-16' }],
    ['JSON-like', { 'content-type': 'application/jsonp' }],
    ['gzip', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
    ['several encodings', { 'content-type': 'application/json', 'content-encoding': 'br, gzip, gzip' }],
  ])('%s is 415', async (_, headers) => {
    expect(refused(await post(port, things, '{"name":"a"}', headers))).toEqual([415, 'media-type']);
  });
  test('a charset of UTF-8 may be said', async () => {
    const answer = await post(port, things, '{"name":"a"}', { 'content-type': 'application/json; charset=UTF-8' });
    expect(answer.status).toBe(201);
  });
  test('Accept without JSON is 406', async () => {
    expect(refused(await ask(port, `${things}/a`, { headers: { accept: 'image/png' } }))).toEqual([
      406,
      'not-acceptable',
    ]);
    expect((await ask(port, `${things}/a`, { headers: { accept: 'image/png, */*;q=0.1' } })).status).toBe(200);
  });
});

describe('shapes are strict: 422 with pointers', () => {
  test.each([
    ['{"name":"a","role":"x"}', ['/role']],
    ['{"name":"a","tenantId":"x","closedBy":{},"paymentExpert":null}', ['/tenantId', '/closedBy', '/paymentExpert']],
    ['{"name":"a","inner":{"n":1,"a/b~c":2}}', ['/inner/a~1b~0c']],
    ['{}', ['/name']],
    ['[]', ['']],
    ['null', ['']],
    ['{"name":true}', ['/name']],
    ['{"name":"12345678901"}', ['/name']],
    ['{"name":"a","inner":{"n":"1"}}', ['/inner/n']],
    ['{"name":"a","inner":{"n":1.5}}', ['/inner/n']],
    ['{"name":"a","inner":{"n":1e309}}', ['/inner/n']],
    ['{"name":"a","inner":{"n":9007199254740993}}', ['/inner/n']],
    ['{"name":"a","__proto__":{"admin":true}}', ['/__proto__']],
    ['{"name":"a","inner":{"n":1,"__proto__":{"n":2}}}', ['/inner/__proto__']],
    ['{"name":"a","constructor":{"prototype":{"admin":true}}}', ['/constructor']],
    ['{"name":"a","toString":1}', ['/toString']],
    ['{"name":"a\\u0000"}', ['/name']],
    ['{"name":"a","inner":{"n":1,"words":["b","\\ud800","\\u0000"]}}', ['/inner/words/1', '/inner/words/2']],
  ])('%s', async (body, pointers) => {
    const answer = await post(port, things, body);
    expect(refused(answer)).toEqual([422, 'validation']);
    expect(problemIn(answer).errors.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  test.each([
    ['?status=other', ['/query/status']],
    ['?status=open&status=closed', ['/query/status']],
    ['?status[$ne]=x', ['/query/status[$ne]']],
    ['?a[__proto__][x]=1', ['/query/a[__proto__][x]']],
    ['?__proto__=1', ['/query/__proto__']],
    ['?q=%00', ['/query/q']],
    ['?q=a%0Ab&status=open', ['/query/q']],
    ['?access_token=x', ['/query/access_token']],
  ])('%s', async (query, pointers) => {
    const answer = await ask(port, `${things}/a${query}`);
    expect(refused(answer)).toEqual([422, 'validation']);
    expect(problemIn(answer).errors.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  test('other signs than those pass: line breaks in a body, every letter in a query', async () => {
    expect((await post(port, things, '{"name":"a\\n\\t\\u0001😀"}')).status).toBe(201);
    expect((await ask(port, `${things}/caf%C3%A9?q=%F0%9F%98%80%20%25`)).status).toBe(200);
  });

  test('a body where none is taken', async () => {
    const answer = await ask(port, `${things}/a`, {
      headers: { 'content-type': 'application/json', 'content-length': '7' },
      body: '{"a":1}',
    });
    expect(refused(answer)).toEqual([422, 'validation']);
  });
});

describe('addresses', () => {
  test.each([
    '/',
    '/inbox',
    '/inbox/v1/',
    '/inbox/v1/nothing',
    '//inbox/v1/things/a',
    '/INBOX/v1/things/a',
    '/inbox/v1/Things/a',
  ])('%s is 404', async (path) => expect(refused(await ask(port, path))).toEqual([404, 'not-found']));
  test.each([`${things}/a/`, '/inbox/v1/things;/a', `${things}/%2e%2e%2fetc`, `${things}/%ff`, `${things}/a%00b/c`])(
    '%s reaches no other route',
    async (path) => expect([200, 400, 404, 422]).toContain((await ask(port, path)).status),
  );
  test.each(['%00', 'a%00b', 'a%0a', '%7f', '%c2%85'])('an id with %s names nothing', async (id) => {
    expect(refused(await ask(port, `${things}/${id}`))).toEqual([404, 'not-found']);
  });
  test('an id of 5 KB names nothing, a URL of 9 KB is not even looked at', async () => {
    expect(refused(await ask(port, `${things}/${'a'.repeat(5000)}`))).toEqual([404, 'not-found']);
    expect(refused(await ask(port, `${things}/${'a'.repeat(9000)}`))).toEqual([414, 'uri-too-long']);
  });
  test('the shape of the query comes before an id that is none', async () => {
    expect(refused(await ask(port, `${things}/${'a'.repeat(500)}?x=1`))).toEqual([422, 'validation']);
  });
  test('another method is 405 and says which', async () => {
    const answer = await ask(port, things, { method: 'PUT' });
    expect(refused(answer)).toEqual([405, 'method-not-allowed']);
    expect(answer.headers['allow']).toBe('POST');
    const read = await ask(port, `${things}/a`, { method: 'DELETE', headers: { 'x-http-method-override': 'GET' } });
    expect([read.status, read.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });
  test('HEAD is GET without a body', async () => {
    const answer = await ask(port, `${things}/a`, { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

test('a fault of ours tells nothing but its trace', async () => {
  const answer = await ask(port, '/inbox/v1/bug', { method: 'POST' });
  expect(refused(answer)).toEqual([500, 'internal']);
  expect(answer.text).not.toMatch(/select|passwd|Error|\.ts|at /);
});

test('a trace is continued, a broken one is not', async () => {
  const trace = 'a'.repeat(32);
  const traceOf = async (traceparent: string) =>
    problemIn(await ask(port, '/inbox/v1/nothing', { headers: { traceparent } })).traceId;
  expect(await traceOf(`00-${trace}-${'b'.repeat(16)}-01`)).toBe(trace);
  expect(await traceOf(`00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`)).not.toBe('0'.repeat(32));
  expect(await traceOf('<script>')).toMatch(/^[0-9a-f]{32}$/);
});
