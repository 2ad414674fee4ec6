import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Listr, PRESET_TIMER, type ListrTask } from 'listr2';
import { controlServer } from './control.ts';
import { demandWritable, examine } from './doctor.ts';
import { secretOf } from './keys.ts';
import { LocalServer } from './local-server.ts';
import type { Note } from './note.ts';
import { leftoversLine, Pids, stopLeftovers } from './pids.ts';
import type { Profile } from './profile.ts';
import { noteRunsIn } from './run.ts';
import { Stack } from './stack.ts';
import { removeState, stateOf, writeState, type StackState } from './state.ts';

export type Say = (line: string) => void;

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const timer = { ...PRESET_TIMER, field: inSeconds };

/** What of a profile's folder is no data: who runs there, and what the runner says. */
const notData = ['pids', 'launcher.log', 'turn.json'];

function partSteps(stack: Stack): [string, (note: Note) => Promise<void>][] {
  const { given } = stack.profile;
  const called = (name: string, address: string | undefined): string =>
    address === undefined ? name : `${name} (given)`;
  return [
    ['Build', (note) => stack.build(note)],
    [called('Temporal', given.temporal), (note) => stack.temporal(note)],
    [called('Kafka', given.kafka), (note) => stack.kafka(note)],
    [called('PostgreSQL', given.database), () => stack.postgres()],
    [called('Identity provider', given.issuer), () => stack.identity()],
    [called('Mail catcher', given.smtp), () => stack.mail()],
    ['Third-party channel', () => stack.channel()],
  ];
}

/** Draws a live list in a terminal; elsewhere each step is a line once it is done, or failed, and one before what takes long. */
function tasks(stack: Stack, say: Say): ListrTask[] {
  const plainly = process.stdout.isTTY ? (): void => undefined : say;
  const step = (title: string, run: (note: Note) => Promise<void>): ListrTask => ({
    title,
    task: async (_, task) => {
      const startedAt = Date.now();
      await run((line) => {
        task.output = line;
        plainly(line);
      });
      if (!stack.isStopping) plainly(`${title}  ${inSeconds(Date.now() - startedAt)}`);
    },
  });
  const service = (name: (typeof services)[number]): ListrTask => {
    if (stack.canStart(name)) return step(name, () => stack.service(name));
    plainly(`${name}  left out: not built yet`);
    return { title: `${name}: left out, not built yet`, skip: true, task: () => undefined };
  };
  const services = stack.services();
  return [
    {
      title: 'Parts',
      task: (_, group) =>
        group.newListr(
          partSteps(stack).map(([title, run]) => step(title, run)),
          { concurrent: true },
        ),
    },
    { title: 'Services', task: (_, group) => group.newListr(services.map(service), { concurrent: true }) },
    step('Gateway', () => stack.gateway()),
  ];
}

/**
 * Prepares a stack: nobody else runs it, nothing is left of an earlier one, and the machine is fit. Nothing is started yet.
 * `fresh` forgets the profile's data first.
 */
export async function prepareStack(profile: Profile, say: Say, fresh = false): Promise<Stack> {
  demandWritable(profile);
  const pids = new Pids(profile.folder);
  pids.claim();
  try {
    noteRunsIn(pids);
    const ended = await stopLeftovers(pids);
    if (ended.length > 0) say(leftoversLine(ended));
    removeState(profile.stateFile);
    if (fresh) forgetData(profile.folder);
    await examine(profile);
    return new Stack(profile, await secretOf(profile.folder), pids, say);
  } catch (error) {
    pids.release();
    throw error;
  }
}

export function forgetData(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const data = readdirSync(folder).filter((name) => !notData.includes(name));
  for (const name of data) rmSync(join(folder, name), { recursive: true, force: true });
}

/** Brings everything up and returns where it is. When that fails, whoever called stops what was started. */
export async function startStack(stack: Stack, say: Say, until: number | null): Promise<StackState> {
  const control = new LocalServer('control', () => controlServer(stack));
  stack.servers.set('control', control);
  await control.start();
  await new Listr(tasks(stack, say), {
    concurrent: false,
    exitOnError: true,
    registerSignalListeners: false,
    rendererOptions: { timer, collapseSubtasks: false, showErrorMessage: false, collapseErrors: false },
    fallbackRenderer: 'silent',
  }).run();
  const state = stateOf(stack.profile, stack.secret, until);
  writeState(stack.profile.stateFile, state);
  return state;
}
