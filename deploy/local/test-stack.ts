import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hold, Pids } from './pids.ts';
import { isAlive, signalOne, type ProcessId } from './process-table.ts';
import { profileOf, type Profile } from './profile.ts';
import { lastLines, run } from './run.ts';
import { readState, type StackState } from './state.ts';
import { Trouble } from './trouble.ts';
import { eventually } from './waiting.ts';

/** Downloads and a first build of Temporal included. */
const startWithinMs = 20 * 60_000;
const stopWithinMs = 60_000;
const turnWithinMs = 60 * 60_000;

export interface TestStack {
  readonly stateFile: string;
  /** Stops it, unless it is to be kept for the next run. */
  readonly end: () => Promise<void>;
}

/** The stack for a run of tests: fresh, and gone with us; or, with `keep`, the one that an earlier run kept, with today's build. */
export async function testStack(keep: boolean): Promise<TestStack> {
  const profile = profileOf('test');
  const pids = new Pids(profile.folder);
  await takeTurn(join(profile.folder, 'turn.json'));
  const state = readState(profile.stateFile);
  if (state?.until === null && pids.launcherAlive()) await renew(profile, state);
  else {
    await eventually(() => !pids.launcherAlive(), stopWithinMs);
    await launch(profile, keep);
  }
  const launcher = pids.launcherAlive();
  return { stateFile: profile.stateFile, end: async () => (keep || !launcher ? undefined : stop(launcher)) };
}

/** One run at a time has the test stack of a checkout; the next waits until that one's process ends. */
async function takeTurn(file: string): Promise<void> {
  const first = hold(file, 'test run');
  if (!first) return;
  console.log(`Another test run (pid ${first.pid}) has the test stack: waiting for its end.`);
  if (await eventually(() => !hold(file, 'test run'), turnWithinMs)) return;
  throw new Trouble(`The test run with pid ${first.pid} does not end. Stop it, or run in a clone of your own.`);
}

async function renew(profile: Profile, { control }: StackState): Promise<void> {
  const build = await run('npm', ['run', 'build', '--silent'], {
    cwd: profile.root,
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  if (build.code !== 0) throw new Trouble(`${lastLines(build.output, 25)}\nThe build failed (above).`);
  const answer = await fetch(`${control}/services/restart`, { method: 'POST' });
  if (!answer.ok) throw new Trouble(`The kept stack did not take the new build: ${await answer.text()}`);
}

async function launch(profile: Profile, keep: boolean): Promise<void> {
  mkdirSync(profile.folder, { recursive: true });
  const path = join(profile.folder, 'launcher.log');
  const log = openSync(path, 'w');
  const args = [join(import.meta.dirname, 'start.ts'), '--profile', 'test', '--fresh'];
  if (!keep) args.push('--as-long-as', String(process.pid));
  const child = spawn(process.execPath, args, { cwd: profile.root, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const isSettled = (): boolean => hasEnded(child) || readState(profile.stateFile)?.pid === child.pid;
  await eventually(isSettled, startWithinMs);
  if (!hasEnded(child) && readState(profile.stateFile)) return child.unref();
  child.kill('SIGTERM');
  throw new Trouble(
    `${lastLines(readFileSync(path, 'utf8'), 30)}\nThe test stack did not come up (above, and ${profile.folder}/logs).`,
  );
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function stop(launcher: ProcessId): Promise<void> {
  signalOne(launcher.pid, 'SIGTERM');
  if (!(await eventually(() => !isAlive(launcher), stopWithinMs))) signalOne(launcher.pid, 'SIGKILL');
}
