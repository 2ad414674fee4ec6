import { z } from 'zod';
import { Trouble } from './trouble.ts';

const answer = z.object({ token: z.string() });

/**
 * An access token of a seeded account, for one hour (RFC 9068).
 * @throws Trouble when the issuer is not Parley's own development provider
 */
export async function tokenFrom(issuer: string, account: string): Promise<string> {
  try {
    const body = JSON.stringify({ account });
    const response = await fetch(`${issuer}/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return answer.parse(await response.json()).token;
  } catch {
    throw new Trouble(
      `${issuer} gives no tokens away: only Parley's own development provider does. Ask yours for one.`,
    );
  }
}
