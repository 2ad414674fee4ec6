import { join } from 'node:path';
import { z } from 'zod';
import { accountNamed, accountNames } from './accounts.ts';
import { root } from './profile.ts';
import { readState } from './state.ts';
import { lineOf, Trouble } from './trouble.ts';

const answer = z.object({ token: z.string() });

/** An access token of a seeded account, alone on standard output. */
async function main(name: string | undefined): Promise<void> {
  if (name === undefined || !accountNamed(name)) {
    console.error(`${name === undefined ? 'Whose token?' : `No account ${name}.`} There are: ${accountNames()}`);
    process.exitCode = 2;
    return;
  }
  const state = readState(process.env['PARLEY_STACK'] ?? join(root, '.local', 'stack.json'));
  if (!state) throw new Trouble('Parley is not up, and it is what signs tokens: `npm start` first.');
  console.log(await tokenOf(state.issuer, name));
}

async function tokenOf(issuer: string, account: string): Promise<string> {
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

main(process.argv[2]).catch((error: unknown) => {
  console.error(lineOf(error));
  process.exitCode = 1;
});
