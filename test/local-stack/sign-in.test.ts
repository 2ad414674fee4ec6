import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import type { Listening } from '../../deploy/local/http.ts';
import { identityProvider } from '../../deploy/local/identity.ts';
import { freePort, portPlan } from '../../deploy/local/ports.ts';
import { profileOf } from '../../deploy/local/profile.ts';

// The whole dance of a browser: authorization code with PKCE (RFC 7636), by HTTP.

let folder = '';
let issuer = '';
let gateway = '';
let provider: Listening;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
  const ports = { ...portPlan(4000), issuer: await freePort() };
  [issuer, gateway] = [`http://localhost:${ports.issuer}`, `http://localhost:${ports.gateway}`];
  provider = await identityProvider({ ...profileOf('test', {}), ports, folder });
});
afterEach(async () => {
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Keeps cookies, and follows redirects only when told to. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async go(url: string, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(new URL(url, issuer), {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split(/=(.*)/s);
      this.#cookies.set(name, value);
    }
    return response;
  }
}

const verifier = randomBytes(32).toString('base64url');
function authorization(more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: 'console',
    response_type: 'code',
    scope: 'openid offline_access',
    redirect_uri: `${gateway}/desk`,
    state: 'here',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
  return `/auth?${query.toString()}`;
}

const nextOf = (response: Response): string => response.headers.get('location') ?? '';

/** From the console's door to the code it comes back with. */
async function signIn(account: string): Promise<URL> {
  const browser = new Browser();
  const page = nextOf(await browser.go(authorization()));
  expect(page).toMatch(/^\/sign-in\//);
  expect(await (await browser.go(page)).text()).toContain(`value="${account}"`);
  const resumed = nextOf(await browser.go(page, { account }));
  return new URL(nextOf(await browser.go(resumed)));
}

const redeem = async (form: Record<string, string>): Promise<[number, Record<string, unknown>]> => {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'console', ...form }),
  });
  return [response.status, (await response.json()) as Record<string, unknown>];
};
const codeGrant = (back: URL, codeVerifier: string) => ({
  grant_type: 'authorization_code',
  code: back.searchParams.get('code') ?? '',
  redirect_uri: `${gateway}/desk`,
  code_verifier: codeVerifier,
});

async function claimsOf(token: unknown): Promise<Record<string, unknown>> {
  const keys = (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet;
  const { payload, protectedHeader } = await jwtVerify(String(token), createLocalJWKSet(keys), {
    issuer,
    audience: 'parley',
    typ: 'at+jwt',
  });
  expect(protectedHeader.alg).toBe('RS256');
  return payload;
}

test('one click a person leads back to the page, with a code for a token of that account', async () => {
  const back = await signIn('manager-1');
  expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([`${gateway}/desk`, 'here']);
  const [status, tokens] = await redeem(codeGrant(back, verifier));
  expect(status).toBe(200);
  const { iat, exp, ...claims } = await claimsOf(tokens['access_token']);
  expect(claims).toMatchObject({
    sub: 'manager-1',
    tenant: 'demo',
    roles: ['manager'],
    scopes: ['team:support', 'team:experts'],
    client_id: 'console',
  });
  expect(Number(exp) - Number(iat)).toBe(3_600);
  const [again, refreshed] = await redeem({
    grant_type: 'refresh_token',
    refresh_token: String(tokens['refresh_token']),
  });
  expect(again).toBe(200);
  expect(await claimsOf(refreshed['access_token'])).toMatchObject({ sub: 'manager-1', roles: ['manager'] });
});

test('a stolen code is worth nothing without its verifier, and nothing a second time', async () => {
  const wrong = await redeem(codeGrant(await signIn('agent-1'), 'x'.repeat(43)));
  expect([wrong[0], wrong[1]['error']]).toEqual([400, 'invalid_grant']);
  const back = await signIn('agent-1');
  expect((await redeem(codeGrant(back, verifier)))[0]).toBe(200);
  const second = await redeem(codeGrant(back, verifier));
  expect([second[0], second[1]['error']]).toEqual([400, 'invalid_grant']);
});

test('no sign-in without PKCE, and none that leads to another origin', async () => {
  const without = new URL(authorization(), issuer);
  without.searchParams.delete('code_challenge');
  without.searchParams.delete('code_challenge_method');
  const refused = new URL(nextOf(await new Browser().go(without.href)));
  expect(refused.searchParams.get('error')).toBe('invalid_request');
  const elsewhere = await new Browser().go(authorization({ redirect_uri: 'https://evil.example/' }));
  expect([elsewhere.status, nextOf(elsewhere)]).toEqual([400, '']);
});

test('a name that is no account stays at the page', async () => {
  const browser = new Browser();
  const page = nextOf(await browser.go(authorization()));
  const answer = await browser.go(page, { account: 'nobody' });
  expect([answer.status, (await answer.text()).includes('Who are you today?')]).toEqual([200, true]);
});
