import { request as httpRequest } from 'node:http';
import { Controller, Module } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Caller, Role } from '@parley/contracts/actor';
import { Problem } from '@parley/contracts/problem';
import { SettingsShape } from '@parley/contracts/settings';
import { createLog } from '@parley/service/log';
import { RefusalAudit, type RefusedRequest } from '@parley/service/refusal-audit';
import type { Principal } from '@parley/service/request-context';
import { Input, Route, route } from '@parley/service/route';
import { startService, type RunningService } from '@parley/service/run-service';
import { Access } from '../src/access.js';
import { callerOf, CurrentCaller, CurrentPrincipal } from '../src/caller.js';
import { IdentityModule } from '../src/identity.module.js';
import { Public, Verb } from '../src/verb.js';
import { Issuer } from './issuer.js';

const MAY: Record<string, Role[]> = {
  'close.supervisor': ['manager', 'administrator', 'super-administrator'],
  'message.send': ['agent'],
  desk: ['agent', 'manager'],
};
class Table extends Access {
  mayCall(roles: readonly Role[], scopes: readonly string[], verb: string): boolean {
    if (verb === 'pause') return roles.includes('integration') && scopes.includes('lifecycle:pause');
    return roles.some((role) => MAY[verb]?.includes(role));
  }
}
class Audit extends RefusalAudit {
  readonly records: RefusedRequest[] = [];
  async refused(record: RefusedRequest): Promise<void> {
    this.records.push(record);
  }
}
const audit = new Audit();

const close = route({
  method: 'POST',
  path: 'conversations/:conversationId/close',
  summary: 'Closes',
  params: z.strictObject({ conversationId: z.string() }),
  body: z.strictObject({ comment: z.string().optional() }),
});
const open = route({ method: 'GET', path: 'open', summary: 'Open to all' });
const me = route({ method: 'GET', path: 'me', summary: 'Who I am' });

@Controller()
class GuardedController {
  @Route(close)
  @Verb('close.supervisor')
  close(@Input() _input: unknown, @CurrentCaller() caller: Caller) {
    return caller;
  }
  @Route(me)
  @Verb('desk')
  me(@CurrentPrincipal() principal: Principal) {
    return principal;
  }
  @Route(open)
  @Public()
  open() {
    return { open: true };
  }
}

@Controller()
class SilentController {
  @Route(route({ method: 'GET', path: 'silent', summary: 'Forgot its verb' }))
  forgotten() {
    return {};
  }
}

const moduleOf = (controllers: (new () => object)[], issuer: string) => {
  @Module({
    imports: [IdentityModule.register({ issuer, audience: 'parley', access: new Table() })],
    controllers,
    providers: [{ provide: RefusalAudit, useValue: audit }],
  })
  class GuardedModule {}
  return GuardedModule;
};
const settings = SettingsShape.parse({
  NODE_ENV: 'test',
  PORT: '0',
  TEMPORAL_ADDRESS: 'localhost:1',
  KAFKA_BROKERS: 'localhost:1',
  DATABASE_URL: 'postgres://localhost:1/x',
  OIDC_ISSUER: 'http://localhost:1',
  PARLEY_SECRET: 'a secret of tests, long enough for all',
  PARLEY_RATE_LIMIT: '50',
});
const silent = createLog('test', 'silent');
const start = (controllers: (new () => object)[]) =>
  startService({ name: 'admin', module: () => moduleOf(controllers, issuer.url) }, settings, silent);

let issuer: Issuer;
let service: RunningService;
beforeAll(async () => {
  issuer = await new Issuer().start();
  service = await start([GuardedController]);
});
afterAll(async () => {
  await service.stop();
  await issuer.stop();
});
beforeEach(() => void audit.records.splice(0));

interface Asked {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
}
const ask = (path: string, { method = 'GET', headers = {}, body }: Asked = {}) =>
  new Promise<{ status: number; text: string; challenge: string | undefined }>((resolve, reject) => {
    const request = httpRequest(
      { port: service.port, path: `/admin/v1/${path}`, method, headers, agent: false },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text, challenge: response.headers['www-authenticate'] }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
const CONVERSATION = `cnv_${'a'.repeat(22)}${'0'.repeat(12)}1`;
const bearer = async (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${await issuer.token(claims)}`,
});
const closeIt = (headers: Record<string, string | string[]>, body = '{}') =>
  ask(`conversations/${CONVERSATION}/close`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
const problemOf = ({ text }: { text: string }): Problem => Problem.parse(JSON.parse(text));
const slugOf = (answer: { text: string }): string => problemOf(answer).type;

test('who may, does, in the role that the verb needs', async () => {
  const answer = await closeIt(await bearer({ roles: ['agent', 'manager'] }));
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    200,
    { kind: 'supervisor', id: 'manager-1', role: 'manager', scopes: ['team:support'] },
  ]);
  expect(JSON.parse((await ask('me', { headers: await bearer() })).text)).toMatchObject({
    tenant: 'demo',
    subject: 'manager-1',
  });
});

describe('401, with one challenge for every fault', () => {
  test('no token', async () => {
    const answer = await closeIt({});
    expect([answer.status, slugOf(answer), answer.challenge]).toEqual([401, '/problems/unauthenticated', 'Bearer']);
  });
  test.each([['Bearer x.y.z'], ['Basic YTpi'], ['Bearer'], ['Bearer  '], ['bearer a b'], ['DPoP x.y.z'], ['Bearer é']])(
    '%s',
    async (authorization) => {
      const answer = await closeIt({ authorization: Buffer.from(authorization).toString('latin1') });
      expect([answer.status, slugOf(answer), answer.challenge]).toEqual([
        401,
        '/problems/unauthenticated',
        'Bearer error="invalid_token"',
      ]);
    },
  );
  test('two Authorization headers, both good', async () => {
    const { authorization } = await bearer();
    expect((await closeIt({ authorization: [authorization, authorization] })).status).toBe(401);
  });
  test('a good token in the query, in a cookie or in the body is none', async () => {
    const token = await issuer.token();
    expect((await ask(`me?access_token=${token}`)).status).toBe(401);
    expect((await ask('me', { headers: { cookie: `access_token=${token}` } })).status).toBe(401);
    expect((await closeIt({}, JSON.stringify({ access_token: token }))).status).toBe(401);
  });
  test('headers that name a user name nobody', async () => {
    const headers = { 'x-user-id': 'manager-1', 'x-forwarded-user': 'manager-1', 'x-tenant': 'demo' };
    expect((await ask('me', { headers })).status).toBe(401);
  });
});

describe('403 FORBIDDEN_ROLE', () => {
  const named = (kind: string) => ({ kind, id: 'manager-1', role: kind });
  test.each([
    ['an agent', { roles: ['agent'] }, named('agent')],
    ['no role', { roles: [] }, null],
    ['an unknown role', { roles: ['owner'] }, null],
    ['a role as an object', { roles: { manager: true } }, null],
    ['system, which no token is', { roles: ['system'] }, null],
    ['an integration with other scopes', { roles: ['integration'], scopes: ['lifecycle:close'] }, named('integration')],
  ])('%s', async (_, claims, actor) => {
    const answer = await closeIt(await bearer(claims));
    expect([answer.status, slugOf(answer), problemOf(answer).reasonCode]).toEqual([
      403,
      '/problems/forbidden-role',
      'FORBIDDEN_ROLE',
    ]);
    expect(audit.records).toMatchObject([
      { tenant: 'demo', actor, act: 'close.supervisor', conversationId: CONVERSATION, reason: 'FORBIDDEN_ROLE' },
    ]);
  });
});

describe('the order of refusals', () => {
  test('an unreadable body before who asks, who asks before the shape', async () => {
    expect((await closeIt({}, '{')).status).toBe(400);
    expect((await closeIt({ 'content-type': 'text/plain' })).status).toBe(415);
    expect((await closeIt({}, '{"wrong":1}')).status).toBe(401);
    expect((await closeIt(await bearer({ roles: ['agent'] }), '{"wrong":1}')).status).toBe(403);
    expect((await closeIt(await bearer(), '{"wrong":1}')).status).toBe(422);
  });
  test('HEAD is guarded as GET is', async () => {
    expect((await ask('me', { method: 'HEAD' })).status).toBe(401);
  });
  test('an open route asks nobody', async () => {
    expect((await ask('open')).status).toBe(200);
    expect((await ask('open', { headers: { authorization: 'Bearer x' } })).status).toBe(200);
  });
  test('the limit is each principal’s, and forged tokens do not use it up', async () => {
    for (let tries = 0; tries < 60; tries += 1) await ask('me', { headers: { authorization: 'Bearer x.y.z' } });
    const busy = await bearer({ sub: 'busy' });
    const ask80 = () =>
      Promise.all(Array.from({ length: 80 }, async () => (await ask('me', { headers: busy })).status));
    let statuses: (number | undefined)[] = [];
    // A slow machine needs several goes to ask faster than the limit.
    for (let go = 0; go < 20 && !statuses.includes(429); go += 1) statuses = await ask80();
    expect(statuses).toContain(429);
    expect((await ask('me', { headers: await bearer({ sub: 'calm' }) })).status).toBe(200);
  });
});

test('a route without a verb does not boot', async () => {
  await expect(start([GuardedController, SilentController])).rejects.toThrow(
    'Routes without a declared verb: SilentController.forgotten',
  );
});

test('the widest role that may acts; scopes can decide', () => {
  const principal = (roles: Role[], scopes: string[] = []): Principal => ({
    tenant: 'demo',
    subject: 'x',
    roles,
    scopes,
    expiresAt: '',
  });
  const table = new Table();
  expect(callerOf(principal(['agent', 'manager', 'super-administrator']), 'close.supervisor', table)?.role).toBe(
    'super-administrator',
  );
  expect(callerOf(principal(['agent', 'manager']), 'message.send', table)).toMatchObject({
    kind: 'agent',
    role: 'agent',
  });
  expect(callerOf(principal(['integration'], ['lifecycle:pause']), 'pause', table)).toMatchObject({
    kind: 'integration',
  });
  expect(callerOf(principal(['integration']), 'pause', table)).toBeUndefined();
});
