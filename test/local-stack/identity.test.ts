import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { accountNamed, accountNames } from '../../deploy/local/accounts.ts';
import { signingKeyOf } from '../../deploy/local/keys.ts';
import { SignInStore } from '../../deploy/local/sign-in.store.ts';
import { accessToken, Revocations } from '../../deploy/local/tokens.ts';

const issuer = 'http://localhost:4007';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function tokenOf(name: string, seconds?: number): Promise<string> {
  const account = accountNamed(name);
  if (!account) throw new Error(`no account ${name}`);
  return accessToken(issuer, await signingKeyOf(folder), account, seconds);
}

test('a token is an RFC 9068 access token with tenant, roles and scopes', async () => {
  const token = await tokenOf('administrator-2');
  const { iat = 0, exp = 0, jti, ...claims } = decodeJwt(token);
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
  expect(claims).toEqual({
    iss: issuer,
    sub: 'administrator-2',
    aud: 'parley',
    client_id: 'console',
    scope: 'openid',
    tenant: 'demo',
    roles: ['administrator'],
    scopes: ['campaign:site', 'campaign:experts', 'campaign:whatsapp'],
  });
  expect([exp - iat, typeof jti]).toEqual([3_600, 'string']);
});

test('the accounts are those of the contract', () => {
  expect(accountNames()).toBe(
    'agent-1, agent-2, expert-1, manager-1, administrator-1, administrator-2, super-administrator-1, super-administrator-2, auditor-1, integration-1, other-manager-1, other-agent-1, other-integration-1',
  );
  expect(accountNamed('integration-1')?.scopes).toEqual([
    'channel:write',
    ...['pause', 'close', 'cancel', 'reassign', 'qualify'].map((verb) => `lifecycle:${verb}`),
    ...['events', 'content', 'stats'].map((what) => `read:${what}`),
  ]);
});

test('a revoked token is inactive, also after a restart; others stay active', async () => {
  const [revoked, kept] = [await tokenOf('agent-1'), await tokenOf('agent-1')];
  const key = await signingKeyOf(folder);
  const file = join(folder, 'revoked');
  await new Revocations(file, issuer, key).revoke(revoked);
  const afterRestart = new Revocations(file, issuer, key);
  expect(await afterRestart.introspect(revoked)).toEqual({ active: false });
  expect(await afterRestart.introspect(kept)).toMatchObject({ active: true, sub: 'agent-1', tenant: 'demo' });
});

test('a token that has run out, or of another issuer, is inactive', async () => {
  const revocations = new Revocations(join(folder, 'revoked'), issuer, await signingKeyOf(folder));
  expect(await revocations.introspect(await tokenOf('agent-1', -1))).toEqual({ active: false });
  expect(await revocations.introspect('no.real.token')).toEqual({ active: false });
});

test('a sign-in is found again until it runs out or its grant is revoked', async () => {
  const session = new SignInStore(join(folder, 'sign-ins.json')).adapter('Session');
  await session.upsert('a', { uid: 'u', grantId: 'g' }, 60);
  await session.upsert('b', { grantId: 'g' }, -1);
  expect([await session.find('a'), await session.find('b')]).toEqual([{ uid: 'u', grantId: 'g' }, undefined]);
  expect(await session.findByUid('u')).toEqual({ uid: 'u', grantId: 'g' });
  await session.revokeByGrantId('g');
  expect(await session.find('a')).toBeUndefined();
});
