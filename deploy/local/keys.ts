import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

/** Reads what an earlier start made, or makes it once: secrets outlive a restart, so that tokens and stored data stay readable. */
async function kept(path: string, make: () => Promise<string> | string): Promise<string> {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const text = await make();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return text;
}

/** The services' master secret, 32 bytes in hexadecimal: what a given database was sealed with (PARLEY_SECRET), or our own. */
export async function secretOf(profileFolder: string): Promise<string> {
  const given = process.env['PARLEY_SECRET'];
  return given || kept(join(profileFolder, 'secret'), () => randomBytes(32).toString('hex'));
}

const signingKey = z.looseObject({
  kty: z.literal('RSA'),
  kid: z.string(),
  alg: z.literal('RS256'),
  n: z.string(),
  e: z.string(),
  d: z.string(),
});
export type SigningKey = z.infer<typeof signingKey>;

export async function signingKeyOf(profileFolder: string): Promise<SigningKey> {
  const text = await kept(join(profileFolder, 'identity', 'signing-key.json'), async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const kid = randomBytes(8).toString('hex');
    return JSON.stringify({ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' });
  });
  return signingKey.parse(JSON.parse(text));
}
