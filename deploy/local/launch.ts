import { Listr, PRESET_TIMER, type ListrTask } from 'listr2';
import { controlServer } from './control.ts';
import { examine } from './doctor.ts';
import { secretOf } from './keys.ts';
import { stopLeftovers } from './pids.ts';
import type { Profile } from './profile.ts';
import { LocalServer } from './local-server.ts';
import { Stack } from './stack.ts';
import { stateOf, writeState, type StackState } from './state.ts';
import { mkdirSync } from 'node:fs';

const timer = { ...PRESET_TIMER, field: (ms: number): string => `${(ms / 1_000).toFixed(1)} s` };

const task = (title: string, step: () => Promise<void>): ListrTask => ({ title, task: step });

function partTasks(stack: Stack): ListrTask[] {
  const { given } = stack.profile;
  const called = (name: string, address: string | undefined): string =>
    address === undefined ? name : `${name} (given)`;
  return [
    task('Build', () => stack.build()),
    task(called('Temporal', given.temporal), () => stack.temporal()),
    task(called('Kafka', given.kafka), () => stack.kafka()),
    task(called('PostgreSQL', given.database), () => stack.postgres()),
    task(called('Identity provider', given.issuer), () => stack.identity()),
    task(called('Mail catcher', given.smtp), () => stack.mail()),
    task('Third-party channel', () => stack.channel()),
  ];
}

function serviceTasks(stack: Stack): ListrTask[] {
  return stack.services().map((service) => ({
    title: service,
    skip: () => (stack.canStart(service) ? false : `${service} is not built yet: left out`),
    task: () => stack.service(service),
  }));
}

function steps(stack: Stack): ListrTask[] {
  return [
    { title: 'Parts', task: (_context, step) => step.newListr(partTasks(stack), { concurrent: true }) },
    { title: 'Services', task: (_context, step) => step.newListr(serviceTasks(stack), { concurrent: true }) },
    task('Gateway', () => stack.gateway()),
  ];
}

/** Prepares a stack: nobody else runs it, nothing is left of an earlier one, and the machine is fit. Nothing is started yet. */
export async function prepareStack(profile: Profile, say: (line: string) => void): Promise<Stack> {
  mkdirOrLeave(profile.folder);
  const stack = new Stack(profile, await secretOf(profile.folder), say);
  stack.pids.claim();
  try {
    const ended = await stopLeftovers(stack.pids);
    if (ended.length > 0)
      say(`Stopped what an earlier start had left running: ${ended.map(({ name }) => name).join(', ')}`);
    await examine(profile);
  } catch (error) {
    stack.pids.release();
    throw error;
  }
  return stack;
}

/** `examine` says it better when it cannot be made. */
function mkdirOrLeave(folder: string): void {
  mkdirSync(folder, { recursive: true });
}

/** Brings everything up and returns where it is; what was started by a start that fails is stopped by the caller. */
export async function startStack(stack: Stack): Promise<StackState> {
  const control = new LocalServer('control', () => controlServer(stack));
  stack.servers.set('control', control);
  await control.start();
  const list = new Listr(steps(stack), {
    concurrent: false,
    exitOnError: true,
    registerSignalListeners: false,
    rendererOptions: { timer, collapseSubtasks: false, showErrorMessage: false, collapseErrors: false },
    fallbackRenderer: 'simple',
    fallbackRendererOptions: { timer },
  });
  await list.run();
  const state = stateOf(stack.profile, stack.secret);
  writeState(stack.profile.stateFile, state);
  return state;
}
