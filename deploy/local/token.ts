import { accountNamed, accountNames } from './accounts.ts';
import { profileOf } from './profile.ts';
import { readState } from './state.ts';
import { tokenFrom } from './token-client.ts';
import { lineOf, Trouble } from './trouble.ts';

/** An access token of a seeded account, alone on standard output. */
async function main(name: string | undefined): Promise<void> {
  if (name === undefined || !accountNamed(name)) {
    console.error(`${name === undefined ? 'Whose token?' : `No account ${name}.`} There are: ${accountNames()}`);
    process.exitCode = 2;
    return;
  }
  const state = readState(process.env['PARLEY_STACK'] ?? profileOf('dev').stateFile);
  if (!state) throw new Trouble('Parley is not up, and it is what signs tokens: `npm start` first.');
  console.log(await tokenFrom(state.issuer, name));
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(lineOf(error));
  process.exitCode = 1;
});
