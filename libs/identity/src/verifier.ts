import { decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';
import { Role } from '@parley/contracts/actor';
import { Id } from '@parley/contracts/primitives';
import type { Principal } from '@parley/service/request-context';
import { discover, textAt, type IssuerMetadata } from './discovery.js';
import { KeySet, KeysUnavailable } from './key-set.js';

export interface VerifierOptions {
  issuer: string;
  audience: string;
}

export type Verification =
  | { kind: 'principal'; principal: Principal }
  /** 401, and nobody is told why. */
  | { kind: 'invalid' }
  /** The issuer's keys cannot be had and none are cached: 503, never let in. */
  | { kind: 'unavailable' };

export interface Verifier {
  verify(token: string): Promise<Verification>;
  /** Whether the issuer says that it no longer counts; undefined where it offers no introspection or does not answer. */
  isRevoked(token: string): Promise<boolean | undefined>;
}

/** Larger is no token of ours; the header limit is 16 KiB anyway. */
const MAX_TOKEN_LENGTH = 8192;
const CLOCK_TOLERANCE_S = 60;
const INTROSPECT_MS = 3000;

/** RFC 9068 access tokens of one issuer: RS256 and `at+jwt` only, keys from its JWKS alone (RFC 8725). */
export function createVerifier({ issuer, audience }: VerifierOptions): Verifier {
  const metadata = metadataOf(issuer);
  const keys = new KeySet(async () => (await metadata()).jwksUri);

  const verify = async (token: string): Promise<Verification> => {
    if (token.length > MAX_TOKEN_LENGTH || !hasPlainHeader(token)) return { kind: 'invalid' };
    try {
      const { payload } = await jwtVerify(token, keys.keyFor, {
        issuer,
        audience,
        algorithms: ['RS256'],
        typ: 'at+jwt',
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'iat', 'sub', 'tenant'],
      });
      const principal = principalIn(payload);
      return principal ? { kind: 'principal', principal } : { kind: 'invalid' };
    } catch (error) {
      return { kind: error instanceof KeysUnavailable ? 'unavailable' : 'invalid' };
    }
  };

  return { verify, isRevoked: async (token) => introspect(await metadata().catch(() => undefined), token) };
}

/** A header that brings its own key or certificates is an attack, even where it would not be believed. */
function hasPlainHeader(token: string): boolean {
  try {
    const header = decodeProtectedHeader(token);
    return header.alg === 'RS256' && !['jku', 'jwk', 'x5u', 'x5c', 'crit'].some((name) => name in header);
  } catch {
    return false;
  }
}

/** Asked once and remembered; after a failure asked again by the next who needs it. */
function metadataOf(issuer: string): () => Promise<IssuerMetadata> {
  let known: Promise<IssuerMetadata> | undefined;
  return () => {
    known ??= discover(issuer).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/** Roles that we do not know are left out; a claim of another form counts as none, so that nothing is allowed by it. */
function principalIn(payload: JWTPayload): Principal | undefined {
  const tenant = Id.safeParse(payload['tenant']);
  const subject = Id.safeParse(payload.sub);
  if (!tenant.success || !subject.success || payload.exp === undefined) return undefined;
  return {
    tenant: tenant.data,
    subject: subject.data,
    roles: textsIn(payload['roles']).flatMap((role) => Role.safeParse(role).data ?? []),
    scopes: textsIn(payload['scopes']),
    expiresAt: new Date(payload.exp * 1000).toISOString(),
  };
}

const MAX_SCOPES = 200;
const textsIn = (claim: unknown): string[] =>
  Array.isArray(claim) ? claim.slice(0, MAX_SCOPES).filter((item): item is string => typeof item === 'string') : [];

/** RFC 7662. */
async function introspect(metadata: IssuerMetadata | undefined, token: string): Promise<boolean | undefined> {
  if (metadata?.introspectionEndpoint === undefined) return undefined;
  try {
    const response = await fetch(metadata.introspectionEndpoint, {
      method: 'POST',
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
      redirect: 'error',
      signal: AbortSignal.timeout(INTROSPECT_MS),
    });
    if (!response.ok) return undefined;
    const answer: unknown = await response.json();
    return isInactive(answer);
  } catch {
    return undefined;
  }
}

function isInactive(answer: unknown): boolean | undefined {
  if (typeof answer !== 'object' || answer === null || !('active' in answer)) return undefined;
  return answer.active === false || textAt(answer, 'active') === 'false';
}
