import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPublicKey, KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose';
import { admin, agentsReady, conversationIn, eventually, inbox, newContact, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, gateway, issuer, textAt, verdict, withToken } from './stack.ts';
import { tokenFrom } from '../../deploy/local/token-client.ts';

const log = new LogFollower();
afterAll(() => log.stop());

let active = '';
let token = '';
let before: Record<string, unknown> = {};
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
  active = await conversationIn('active', { account: 'site', contact: newContact() });
  token = await tokenFrom(issuer, 'integration-1');
  const isWhole = (view: unknown): boolean => field(view, 'messageCounts', 'agent') === 1;
  before = standing(await eventually(active, isWhole));
});

const standing = (view: unknown): Record<string, unknown> =>
  Object.fromEntries(
    ['status', 'sequence', 'messageCounts', 'assignedTo', 'tags', 'notes', 'closing'].map((name) => [
      name,
      field(view, name),
    ]),
  );
const raw = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(new URL(path, gateway), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  });
const channel = '/inbox/v1/channels/site/messages';
const message = (text: unknown, more: object = {}): object => ({
  id: newContact('m'),
  contact: { id: newContact() },
  text,
  ...more,
});

/** Every route that takes a body, as the generated documents tell them; what its path names is there. */
const generated = join(import.meta.dirname, '..', '..', 'libs', 'contracts', 'generated', 'openapi');
const routes = readdirSync(generated).flatMap((file) => {
  const document: unknown = JSON.parse(readFileSync(join(generated, file), 'utf8'));
  return Object.entries(field(document, 'paths') as Record<string, Record<string, object>>).flatMap(([path, methods]) =>
    ['post', 'put', 'patch'].filter((method) => method in methods).map((method) => ({ method, path })),
  );
});
const idOf: Record<string, string> = {
  ...{ categories: 'spam', subcategories: 'by-phone', tags: 'refund', campaigns: 'site', groups: 'support' },
  ...{ people: 'agent-1', 'channel-accounts': 'site' },
  ...{ category: 'resolved-elsewhere', accountId: 'site', externalId: 'somebody', agentId: 'agent-1', hookId: 'hook' },
};
const addressOf = (path: string): string =>
  path.replaceAll(/([a-z-]+)\/\{(\w+)\}/g, (_, list: string, name: string) => {
    const id = name === 'conversationId' ? active : (idOf[name] ?? idOf[list]);
    if (id === undefined) throw new Error(`nothing is known here for {${name}} of ${path}`);
    return `${list}/${id}`;
  });

/** Sent to every such route by nobody: the contract looks at the body's form before it asks who sent it. Those that answer otherwise. */
async function answeredOtherwise(body: string, type: string, expected: string): Promise<string[]> {
  const found: string[] = [];
  for (const { method, path } of routes) {
    const headers = { 'content-type': type };
    const response = await fetch(new URL(addressOf(path), gateway), { method: method.toUpperCase(), headers, body });
    const problem: unknown = await response.json().catch(() => undefined);
    const kind = response.headers.get('content-type')?.replace(/;.*/, '');
    const answer = `${response.status} ${kind} ${String(field(problem, 'status'))} ${String(field(problem, 'type'))}`;
    if (answer !== expected) found.push(`${method} ${path}: ${answer}`);
  }
  return found;
}

describe('bad input: a clear answer, never a 500, never a change', () => {
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
  const lists: [string, string | Uint8Array, Record<string, string>, number][] = [
    ['truncated JSON', '{"id":', {}, 400],
    ['trailing garbage', '{} x', {}, 400],
    ['duplicate keys', '{"id":"a","id":"b"}', {}, 400],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}, 400],
    ['deeper than 32', `{"text":${deep}}`, {}, 400],
    ['100,000 levels in little room', '['.repeat(60_000), {}, 400],
    ['more than 64 KiB', JSON.stringify(message('x'.repeat(70_000))), {}, 413],
    ['no JSON', 'text', { 'content-type': 'text/plain' }, 415],
    ['compressed', '{}', { 'content-encoding': 'gzip' }, 415],
    ['an array for an object', '[]', {}, 422],
  ];
  test.each(lists)('the body: %s', async (_what, body, headers, status) => {
    const response = await raw(channel, body, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem: unknown = await response.json();
    expect(field(problem, 'status')).toBe(status);
    expect(String(field(problem, 'type'))).toMatch(/^\/problems\/[a-z-]+$/);
    expect(JSON.stringify(problem)).not.toMatch(/node_modules|\.ts:|select |\/work/i);
  });

  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  test.each([
    ['truncated', '{"id":', 'application/json', 400, 'malformed'],
    ['33 levels deep', nested(33), 'application/json', 400, 'malformed'],
    ['more than 64 KiB', `{"text":"${'x'.repeat(65_536)}"}`, 'application/json', 413, 'too-large'],
    ['no JSON', 'text=hello', 'application/x-www-form-urlencoded', 415, 'media-type'],
  ])(
    'on every route, a body that is %s',
    async (_what, body, type, status, slug) => {
      expect(routes.length).toBeGreaterThan(30);
      const expected = `${status} application/problem+json ${status} /problems/${slug}`;
      expect(await answeredOtherwise(body, type, expected)).toEqual([]);
    },
    20_000,
  );

  test('on every route, to whoever may call it, a field that it does not know is named, also 32 levels deep', async () => {
    const body: unknown = JSON.parse(`{"noSuchField":${nested(31)}}`);
    const answers = routes.map(async ({ method, path }) => {
      const given = new Set<string>();
      for (const account of ['agent-1', 'super-administrator-1', 'integration-1']) {
        const answer = await as(account).send(method.toUpperCase(), addressOf(path), body);
        const named = (field(answer.body, 'errors') ?? []) as { pointer: string }[];
        const isNamed = named.some(({ pointer }) => pointer === '/noSuchField');
        given.add(`${verdict(answer)}${isNamed ? ' named' : ''}`);
      }
      given.delete('403 FORBIDDEN_ROLE');
      return `${method} ${path}: ${[...given].join(' or ')}`;
    });
    expect(await Promise.all(answers)).toEqual(
      // A hook believes nobody's token, and nothing of a body that is not signed.
      routes.map(
        ({ method, path }) =>
          `${method} ${path}: ${path.includes('/hooks/') ? '401 unauthenticated' : '422 validation named'}`,
      ),
    );
  }, 20_000);

  test.each([
    ['empty', ''],
    ['spaces only', '  \n '],
    ['zero-width only', '\u200b\u200d'],
    ['a filler only', '\u3164\u2800'],
    ['controls only', '\u0001\u0002'],
    ['NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\ud800b'],
    ['4,001 characters', 'x'.repeat(4001)],
    ['a number', 7],
    ['null', null],
  ])('a text that is %s', async (_what, text) => {
    const answer = await as('integration-1').send('POST', channel, message(text));
    expect(answer.status).toBe(422);
    expect(field(answer.body, 'errors', '0', 'pointer')).toBe('/text');
  });

  test('4,000 characters outside the basic plane are 4,000 characters', async () => {
    expect((await as('integration-1').send('POST', channel, message('😀'.repeat(4000)))).status).toBe(202);
  });

  test.each([
    ['an unknown field', { role: 'super-administrator' }],
    ['closedBy', { closedBy: { kind: 'agent', id: 'x', role: 'agent' } }],
    ['tenant', { tenantId: 'other' }],
  ])('a strict shape: %s is refused', async (_what, more) => {
    expect((await as('integration-1').send('POST', channel, message('hello', more))).status).toBe(422);
    expect((await send('manager-1', admin(active, 'close'), more)).status).toBe(422);
  });

  test('__proto__ as a key is refused and pollutes nothing', async () => {
    const response = await raw(channel, '{"__proto__":{"polluted":true},"id":"a","contact":{"id":"b"},"text":"c"}');
    expect([400, 422]).toContain(response.status);
    expect(field({}, 'polluted')).toBeUndefined();
    const next = await as('integration-1').send('POST', channel, message('hello'));
    expect([next.status, field(next.body, 'polluted')]).toEqual([202, undefined]);
  });

  test('forged and expired tokens are 401, one class, without detail', async () => {
    const path = `${admin(active, 'close')}?dryRun=true`;
    const valid = await devToken('manager-1', 60);
    expect(verdict(await withToken(valid).send('POST', path, {}))).toBe('200 closed');
    for (const each of await forgedFrom(valid)) {
      const answer = await withToken(each).send('POST', admin(active, 'close'), {});
      expect(verdict(answer)).toBe('401 unauthenticated');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(JSON.stringify(answer.body)).not.toMatch(/expired|signature|algorithm|kid|exp\b/i);
    }
    expect((await fetch(`${gateway}/admin/v1/conversations?access_token=${token}`)).status).toBe(401);
  });

  test.each([
    '..%2f..%2fetc%2fpasswd',
    'a%00b',
    'x'.repeat(300),
    'cnv_%F0%9F%98%80',
    '{a}',
    'conversation%2Fother%2Fth_x',
  ])('an id that is none (%#) is 404', async (id) => {
    expect([404, 414]).toContain((await as('manager-1').send('GET', `/admin/v1/conversations/${id}`)).status);
    expect([404, 414]).toContain((await send('manager-1', `/admin/v1/conversations/${id}/close`)).status);
    expect([404, 414]).toContain((await send('agent-1', `/inbox/v1/conversations/${id}/close`)).status);
  });

  test.each([
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=x',
    'limit=0x10',
    'limit=1e2',
    'q=%00',
    'agent=%00',
    'sort=secret',
    'status[$ne]=x',
    'status=no-such',
    'idleForMs=-1',
  ])('a list asked with %s is 422', async (query) => {
    expect((await as('manager-1').send('GET', `/admin/v1/conversations?${query}`)).status).toBe(422);
  });

  test.each(['thread=%00', 'contact=a%00b', 'tag=%00', 'from=0000-01-01T00:00:00Z', 'from=9999-12-31T23:59:59-12:00'])(
    'the inbox’s list asked with %s is 422',
    async (query) => {
      expect((await as('agent-1').send('GET', `/inbox/v1/conversations?${query}`)).status).toBe(422);
    },
  );

  test('what cannot be stored names nothing, and nothing is sought in the audit by it', async () => {
    const ask = async (path: string): Promise<number> => (await as('super-administrator-1').send('GET', path)).status;
    expect(await ask('/admin/v1/categories/a%00b')).toBe(404);
    expect(await ask('/inbox/v1/channel-accounts/a%00b')).toBe(404);
    expect(await ask('/admin/v1/audit?act=%00')).toBe(422);
    expect(await ask('/admin/v1/audit?from=0000-01-01T00:00:00Z')).toBe(422);
    expect(await ask('/admin/v1/conversations/stream?q=%00')).toBe(422);
  });

  test('a message said to be of the year 0', async () => {
    const answer = await as('integration-1').send('POST', channel, message('hi', { sentAt: '0000-01-01T00:00:00Z' }));
    expect([answer.status, field(answer.body, 'errors', '0', 'pointer')]).toEqual([422, '/sentAt']);
  });

  test('a tampered cursor, or one of another list, is 400', async () => {
    const list = await as('super-administrator-1').get('/admin/v1/conversations?status=all&limit=1');
    const cursor = String(field(list, 'nextCursor'));
    expect(cursor).not.toBe('null');
    const ask = (query: string): Promise<unknown> =>
      as('super-administrator-1')
        .send('GET', `/admin/v1/conversations?${query}`)
        .then((answer) => answer.status);
    expect(await ask(`status=all&limit=1&cursor=${encodeURIComponent(cursor)}`)).toBe(200);
    expect(await ask(`status=all&limit=1&cursor=${encodeURIComponent(`A${cursor.slice(1)}x`)}`)).toBe(400);
    expect(await ask(`status=closed&limit=1&cursor=${encodeURIComponent(cursor)}`)).toBe(400);
    expect(
      await as('other-manager-1').send(
        'GET',
        `/admin/v1/conversations?status=all&limit=1&cursor=${encodeURIComponent(cursor)}`,
      ),
    ).toMatchObject({ status: 400 });
  });

  test.each([
    ['Idempotency-Key', 'x'.repeat(256)],
    ['If-Match', 'garbage'],
  ])('a header %s that is none is 400', async (name, value) => {
    expect((await send('manager-1', admin(active, 'close'), {}, { [name]: value })).status).toBe(400);
  });

  test('unknown routes and methods', async () => {
    expect((await as('manager-1').send('GET', '/admin/v1/no-such')).status).toBe(404);
    const wrong = await as('manager-1').send('PUT', admin(active, 'close'), {});
    expect([404, 405]).toContain(wrong.status);
  });

  test('after all of it the conversation is as it was', async () => {
    expect(standing(await as('super-administrator-1').get(`/admin/v1/conversations/${active}`))).toEqual(before);
    expect(standing(await as('agent-1').get(`/inbox/v1/conversations/${active}`))).toEqual(before);
    // The next event has the next sequence: there was none in between.
    const closed = await send('agent-1', inbox(active, 'close'));
    expect(await log.event(active, 'closed')).toMatchObject({ sequence: Number(before['sequence']) + 1 });
    expect(field(closed.body, 'conversation', 'messageCounts')).toEqual({ visitor: 1, agent: 1 });
  });
});

/** A token as the development provider signs it, that runs out so many seconds from now. */
async function devToken(account: string, seconds: number): Promise<string> {
  const body = JSON.stringify({ account, seconds });
  const headers = { 'content-type': 'application/json' };
  return textAt(await (await fetch(`${issuer}/dev/token`, { method: 'POST', headers, body })).json(), 'token');
}

/** What is not to be believed, each with one thing wrong and everything else as in the valid one. */
async function forgedFrom(valid: string): Promise<string[]> {
  const claims = decodeJwt(valid);
  const { kid } = decodeProtectedHeader(valid);
  const signed = (alg: string, more: object = {}): SignJWT =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg, typ: 'at+jwt', ...(kid && { kid }) });
  const { privateKey } = await generateKeyPair('RS256');
  const [head, body, signature] = valid.split('.');
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [
    await devToken('manager-1', -60),
    await signed('RS256').sign(privateKey),
    ...(await Promise.all((await publicKeyBytes()).map((key) => signed('HS256').sign(key)))),
    await signed('HS256').sign(new TextEncoder().encode('x'.repeat(64))),
    [head, part({ ...claims, roles: ['super-administrator'], scopes: ['tenant'] }), signature].join('.'),
    [part({ alg: 'none', typ: 'at+jwt', kid }), body, ''].join('.'),
    [part({ alg: 'none', typ: 'at+jwt', kid }), body, signature].join('.'),
    'garbage',
    '',
  ];
}

/** The issuer's public key in the forms in which a careless verifier would take it for a shared secret. */
async function publicKeyBytes(): Promise<Uint8Array[]> {
  const discovered: unknown = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  const keys = createRemoteJWKSet(new URL(textAt(discovered, 'jwks_uri')));
  const key = createPublicKey(KeyObject.from(await keys({ alg: 'RS256' })).export({ type: 'spki', format: 'pem' }));
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  return [pem, pem.trimEnd(), key.export({ type: 'pkcs1', format: 'pem' }).toString()]
    .map((text): Uint8Array => new TextEncoder().encode(text))
    .concat(new Uint8Array(key.export({ type: 'spki', format: 'der' })));
}
