/** What we need of an issuer's metadata (OpenID Connect Discovery, RFC 8414). */
export interface IssuerMetadata {
  jwksUri: string;
  introspectionEndpoint: string | undefined;
}

const FETCH_MS = 3000;

/** Asks the issuer itself, over its own origin's TLS; throws when it does not answer or speaks for somebody else. */
export async function discover(issuer: string): Promise<IssuerMetadata> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_MS),
  });
  const metadata: unknown = response.ok ? await response.json() : undefined;
  const claimed = textAt(metadata, 'issuer');
  const jwksUri = textAt(metadata, 'jwks_uri');
  if (claimed !== issuer || jwksUri === undefined) throw new Error(`${issuer} offers no metadata of its own`);
  return { jwksUri, introspectionEndpoint: textAt(metadata, 'introspection_endpoint') };
}

export function textAt(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
  return typeof found === 'string' ? found : undefined;
}
