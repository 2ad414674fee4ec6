import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTHeaderParameters, type JWTPayload } from 'jose';

/** A small identity provider: metadata, keys, introspection; counts what it is asked. */
export class Issuer {
  readonly asked: Record<string, number> = {};
  readonly revoked = new Set<string>();
  keys: { kid: string; privateKey: CryptoKey; publicKey: CryptoKey }[] = [];
  isBroken = false;
  private server: Server | undefined;
  url = '';

  async start(): Promise<this> {
    await this.addKey('key-1');
    this.server = createServer((request, response) => {
      const path = request.url ?? '';
      this.asked[path] = (this.asked[path] ?? 0) + 1;
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        void this.answer(path, body).then((answer) => {
          response.writeHead(this.isBroken || answer === undefined ? 500 : 200, { 'content-type': 'application/json' });
          response.end(JSON.stringify(answer ?? {}));
        });
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, resolve));
    const address = this.server.address();
    this.url = `http://localhost:${typeof address === 'object' ? address?.port : 0}`;
    return this;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  async addKey(kid: string): Promise<void> {
    this.keys.push({ kid, ...(await generateKeyPair('RS256', { extractable: true })) });
  }

  private async answer(path: string, body: string): Promise<object | undefined> {
    if (path === '/.well-known/openid-configuration') {
      return { issuer: this.url, jwks_uri: `${this.url}/jwks`, introspection_endpoint: `${this.url}/introspect` };
    }
    if (path === '/jwks') {
      const keys = this.keys.map(async ({ kid, publicKey }) => ({
        ...(await exportJWK(publicKey)),
        kid,
        use: 'sig',
        alg: 'RS256',
      }));
      return { keys: await Promise.all(keys) };
    }
    return path === '/introspect'
      ? { active: !this.revoked.has(new URLSearchParams(body).get('token') ?? '') }
      : undefined;
  }

  /** A good token, but for what the test changes; `undefined` leaves a claim out. */
  async token(
    claims: Record<string, unknown> = {},
    header: { [K in keyof JWTHeaderParameters]?: JWTHeaderParameters[K] | undefined } = {},
    key: CryptoKey | Uint8Array | undefined = this.keys[0]?.privateKey,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all: Record<string, unknown> = {
      iss: this.url,
      aud: 'parley',
      sub: 'manager-1',
      iat: now,
      exp: now + 3600,
      tenant: 'demo',
      roles: ['manager'],
      scopes: ['team:support'],
      ...claims,
    };
    const payload: JWTPayload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    if (key === undefined) throw new Error('no key');
    const protectedHeader = { alg: 'RS256', typ: 'at+jwt', kid: 'key-1', ...header } as JWTHeaderParameters;
    return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(key);
  }
}

export const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
