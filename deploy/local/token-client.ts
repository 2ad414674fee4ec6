import { z } from 'zod';
import { Trouble } from './trouble.ts';

const answer = z.object({ token: z.string() });

/**
 * An access token of a seeded account, for one hour (RFC 9068).
 * @throws Trouble when nobody answers there, or the issuer is not Parley's own development provider
 */
export async function tokenFrom(issuer: string, account: string): Promise<string> {
  const body = JSON.stringify({ account });
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  const response = await fetch(`${issuer}/dev/token`, request).catch(() => undefined);
  if (!response)
    throw new Trouble(`Nobody answers at ${issuer}: Parley is not up, or was killed. \`npm start\` puts it right.`);
  const given = answer.safeParse(await response.json().catch(() => undefined));
  if (given.success) return given.data.token;
  throw new Trouble(`${issuer} gives no tokens away: only Parley's own development provider does. Ask yours for one.`);
}
