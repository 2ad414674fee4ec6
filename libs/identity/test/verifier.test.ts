import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { createVerifier, type Verifier } from '../src/verifier.js';
import { encoded, Issuer } from './issuer.js';

let issuer: Issuer;
let verifier: Verifier;
beforeAll(async () => {
  issuer = await new Issuer().start();
  verifier = createVerifier({ issuer: issuer.url, audience: 'parley' });
});
afterAll(() => issuer.stop());

const now = () => Math.floor(Date.now() / 1000);
const kindOf = async (token: string): Promise<string> => (await verifier.verify(token)).kind;

test('a good token is its principal', async () => {
  const exp = now() + 100;
  expect(await verifier.verify(await issuer.token({ exp }))).toEqual({
    kind: 'principal',
    principal: {
      tenant: 'demo',
      subject: 'manager-1',
      roles: ['manager'],
      scopes: ['team:support'],
      expiresAt: new Date(exp * 1000).toISOString(),
    },
  });
});
test.each([
  ['application/at+jwt as type', {}, { typ: 'application/at+jwt' }],
  ['several audiences', { aud: ['other', 'parley'] }, {}],
  ['a clock 30 s behind', { exp: Math.floor(Date.now() / 1000) - 30 }, {}],
])('%s is good too', async (_, claims, header) => {
  expect(await kindOf(await issuer.token(claims, header))).toBe('principal');
});

describe('claims that are not worth a principal', () => {
  test.each([
    ['expired', { exp: 1_000_000_000 }],
    ['without an end', { exp: undefined }],
    ['without a beginning', { iat: undefined }],
    ['not yet valid', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ['for another audience', { aud: 'other' }],
    ['for no audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['of an issuer that begins alike', { iss: 'http://localhost' }],
    ['of no issuer', { iss: undefined }],
    ['of nobody', { sub: undefined }],
    ['of somebody with a slash', { sub: '../root' }],
    ['without a tenant', { tenant: undefined }],
    ['with a list of tenants', { tenant: ['demo'] }],
    ['with a tenant of other characters', { tenant: 'demo/x' }],
    ['with an empty tenant', { tenant: '' }],
    ['with a tenant that is all tenants', { tenant: '*' }],
  ])('%s', async (_, claims) => {
    expect(await kindOf(await issuer.token(claims))).toBe('invalid');
  });

  test.each([
    ['unknown roles', { roles: ['owner', 'MANAGER', 'manager '] }],
    ['a role that is an object', { roles: [{ manager: true }] }],
    ['roles as text', { roles: 'manager' }],
    ['roles as an object', { roles: { 0: 'manager', length: 1 } }],
    ['no roles', { roles: undefined }],
  ])('%s are no role', async (_, claims) => {
    expect(await verifier.verify(await issuer.token(claims))).toMatchObject({ principal: { roles: [] } });
  });
  test('scopes of another form are none', async () => {
    expect(await verifier.verify(await issuer.token({ scopes: 'tenant' }))).toMatchObject({
      principal: { scopes: [] },
    });
    expect(await verifier.verify(await issuer.token({ scopes: [1, null, 'tenant'] }))).toMatchObject({
      principal: { scopes: ['tenant'] },
    });
  });
});

describe('forged', () => {
  const parts = async (): Promise<[string, string, string]> => {
    const [header = '', payload = '', signature = ''] = (await issuer.token()).split('.');
    return [header, payload, signature];
  };
  const forgeries: Record<string, () => Promise<string>> = {
    nothing: async () => '',
    'no token at all': async () => 'hello',
    'two parts': async () => (await parts()).slice(0, 2).join('.'),
    'five parts, as if encrypted': async () => `${(await parts()).join('.')}.a.b`,
    'alg none': async () => `${encoded({ alg: 'none', typ: 'at+jwt' })}.${(await parts())[1]}.`,
    'alg none, with a signature left over': async () => {
      const [, payload, signature] = await parts();
      return `${encoded({ alg: 'none', typ: 'at+jwt', kid: 'key-1' })}.${payload}.${signature}`;
    },
    'alg nOnE': async () => `${encoded({ alg: 'nOnE', typ: 'at+jwt' })}.${(await parts())[1]}.`,
    'no alg': async () => `${encoded({ typ: 'at+jwt', kid: 'key-1' })}.${(await parts())[1]}.${(await parts())[2]}`,
    'HS256 over the public key': async () => {
      const publicKey = issuer.keys[0]?.publicKey;
      return issuer.token({}, { alg: 'HS256' }, Buffer.from(publicKey ? await exportSPKI(publicKey) : ''));
    },
    'HS256 over an empty key': async () => issuer.token({}, { alg: 'HS256' }, Buffer.alloc(32)),
    'another key under our kid': async () => issuer.token({}, {}, (await generateKeyPair('RS256')).privateKey),
    PS256: async () => issuer.token({}, { alg: 'PS256' }, (await generateKeyPair('PS256')).privateKey),
    ES256: async () => issuer.token({}, { alg: 'ES256' }, (await generateKeyPair('ES256')).privateKey),
    'its own key in the header': async () => {
      const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
      return issuer.token({}, { jwk: await exportJWK(publicKey) }, privateKey);
    },
    'a jku of the attacker': async () => issuer.token({}, { jku: 'https://evil.example/jwks' }),
    'an x5u of the attacker': async () => issuer.token({}, { x5u: 'https://evil.example/x' }),
    'an x5c chain': async () => issuer.token({}, { x5c: ['AAAA'] }),
    'a kid that is a path': async () => issuer.token({}, { kid: '../../dev/null' }),
    'a kid that is SQL': async () => issuer.token({}, { kid: "x' UNION SELECT 'a" }),
    'a kid of 5 KB': async () => issuer.token({}, { kid: 'k'.repeat(5000) }),
    'an ID token': async () => issuer.token({}, { typ: 'JWT' }),
    'no type': async () => issuer.token({}, { typ: undefined }),
    'a logout token': async () => issuer.token({}, { typ: 'logout+jwt' }),
    'a changed payload': async () => {
      const [header, payload, signature] = await parts();
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      return `${header}.${encoded({ ...claims, roles: ['super-administrator'] })}.${signature}`;
    },
    'a changed signature': async () => {
      const [header, payload, signature] = await parts();
      return `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    },
    'the signature of another token': async () =>
      `${(await parts()).slice(0, 2).join('.')}.${(await issuer.token({ sub: 'agent-1' })).split('.')[2]}`,
    '64 KB': async () => issuer.token({ more: 'x'.repeat(64_000) }),
    'a payload that is no object': async () => `${(await parts())[0]}.${encoded('x')}.${(await parts())[2]}`,
  };
  test.each(Object.keys(forgeries))('%s', async (name) => {
    expect(await kindOf((await forgeries[name]?.()) ?? '')).toBe('invalid');
  });
});

test('an unknown kid asks the issuer again at most once in 30 s', async () => {
  const before = issuer.asked['/jwks'] ?? 0;
  for (let tries = 0; tries < 20; tries += 1) await kindOf(await issuer.token({}, { kid: `unknown-${tries}` }));
  expect((issuer.asked['/jwks'] ?? 0) - before).toBeLessThanOrEqual(1);
});

test('with the issuer away, the keys that we have go on serving', async () => {
  issuer.isBroken = true;
  expect(await kindOf(await issuer.token())).toBe('principal');
  expect(await verifier.isRevoked(await issuer.token())).toBeUndefined();
  issuer.isBroken = false;
});

test('without any keys nobody comes in, and everybody does once the issuer is there', async () => {
  issuer.isBroken = true;
  const fresh = createVerifier({ issuer: issuer.url, audience: 'parley' });
  expect(await fresh.verify(await issuer.token())).toEqual({ kind: 'unavailable' });
  issuer.isBroken = false;
  await new Promise((resolve) => setTimeout(resolve, 1050));
  expect((await fresh.verify(await issuer.token())).kind).toBe('principal');
});

test('an issuer that speaks for another is not believed', async () => {
  const other = createVerifier({ issuer: issuer.url.replace('localhost', '127.0.0.1'), audience: 'parley' });
  expect(await other.verify(await issuer.token())).toEqual({ kind: 'unavailable' });
});

test('introspection tells what was revoked', async () => {
  const token = await issuer.token({ jti: 'one' });
  expect(await verifier.isRevoked(token)).toBe(false);
  issuer.revoked.add(token);
  expect(await verifier.isRevoked(token)).toBe(true);
});
