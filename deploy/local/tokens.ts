import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { Account } from './accounts.ts';
import type { SigningKey } from './keys.ts';

export const audience = 'parley';
export const lifetimeSeconds = 3_600;
export const consoleClient = 'console';

/** The claims that are ours: who it is within which tenant, and what that person may touch. */
export const claimsOf = ({
  tenant,
  roles,
  scopes,
}: Account): { tenant: string; roles: readonly string[]; scopes: readonly string[] } => ({ tenant, roles, scopes });

/** The same token that the sign-in page leads to (RFC 9068), without a browser. */
export async function accessToken(
  issuer: string,
  key: SigningKey,
  account: Account,
  seconds = lifetimeSeconds,
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ ...claimsOf(account), client_id: consoleClient, scope: 'openid' })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: key.kid })
    .setIssuer(issuer)
    .setSubject(account.name)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(await importJWK(key, 'RS256'));
}

/** Which of our self-contained tokens were revoked; kept in a file, for they stay valid over a restart otherwise. */
export class Revocations {
  readonly #file: string;
  readonly #revoked: Set<string>;
  readonly #verify: (token: string) => Promise<JWTPayload>;

  constructor(file: string, issuer: string, { kty, kid, alg, n, e }: SigningKey) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    this.#revoked = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
    const keys = createLocalJWKSet({ keys: [{ kty, kid, alg, n, e }] });
    this.#verify = async (token) => (await jwtVerify(token, keys, { issuer, audience })).payload;
  }

  async revoke(token: string): Promise<void> {
    const jti = (await this.#claims(token))?.jti;
    if (jti === undefined || this.#revoked.has(jti)) return;
    this.#revoked.add(jti);
    appendFileSync(this.#file, `${jti}\n`);
  }

  /** RFC 7662. */
  async introspect(token: string): Promise<Record<string, unknown>> {
    const claims = await this.#claims(token);
    if (!claims || this.#revoked.has(claims.jti ?? '')) return { active: false };
    return { active: true, token_type: 'Bearer', username: claims.sub, ...claims };
  }

  async #claims(token: string): Promise<JWTPayload | undefined> {
    try {
      return await this.#verify(token);
    } catch {
      return undefined;
    }
  }
}

/** A token in three parts is one of our own; anything else (a refresh token) is the provider's business. */
export const isSelfContained = (token: string): boolean => token.split('.').length === 3;
