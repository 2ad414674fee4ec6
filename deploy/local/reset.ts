import { rmSync } from 'node:fs';
import { leftoversLine, Pids, stopLeftovers } from './pids.ts';
import { profileOf } from './profile.ts';
import { removeState } from './state.ts';
import { lineOf, Trouble } from './trouble.ts';

/** Forgets conversations, accounts' settings, keys and logs of `npm start`. What was downloaded stays. */
async function main(): Promise<void> {
  const { folder, stateFile } = profileOf('dev');
  const pids = new Pids(folder);
  const launcher = pids.launcherAlive();
  if (launcher)
    throw new Trouble(`Parley is up (pid ${launcher.pid}) and still needs its data: stop it first (Ctrl-C there).`);
  const ended = await stopLeftovers(pids);
  if (ended.length > 0) console.log(leftoversLine(ended));
  removeState(stateFile);
  rmSync(folder, { recursive: true, force: true });
  console.log('Forgot the local data. `npm start` begins anew.');
}

main().catch((error: unknown) => {
  console.error(lineOf(error));
  process.exitCode = 1;
});
