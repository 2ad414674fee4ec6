import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import type { Pids } from './pids.ts';
import { processId, signalTree } from './process-table.ts';

const graceMs = 5_000;

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

interface Options {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

const running = new Set<ChildProcess>();
let areOver = false;
let pids: Pids | undefined;

/** From here on what is run is noted with the stack's processes: a killed launcher leaves a build behind, too. */
export function noteRunsIn(kept: Pids): void {
  pids = kept;
}

/**
 * Ends what `run` still waits for, and lets nothing more begin: a build or a download has no place in a stack that is
 * being stopped. Comes back when they are gone.
 */
export async function stopRuns(): Promise<void> {
  areOver = true;
  await Promise.all([...running].map(endOf));
}

async function endOf(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  signalTree(pid, 'SIGTERM');
  const force = setTimeout(() => signalTree(pid, 'SIGKILL'), graceMs);
  await ended;
  clearTimeout(force);
}

/** Runs a program to its end and keeps what it printed. One that cannot be started ends with code 127, as in a shell. */
export function run(command: string, args: readonly string[], options: Options = {}): Promise<Outcome> {
  if (areOver) return Promise.resolve({ code: 130, output: 'Stopped while starting.' });
  return new Promise((resolve) => {
    const { cwd, env, runAs } = options;
    const child = spawn(command, args, { cwd, env: env ?? process.env, ...runAs, stdio: ['ignore', 'pipe', 'pipe'] });
    const noted = `${basename(command)}-${child.pid}`;
    const id = child.pid === undefined ? undefined : processId(child.pid);
    if (id) pids?.note(noted, id);
    running.add(child);
    const chunks: Buffer[] = [];
    const keep = (chunk: Buffer): number => chunks.push(chunk);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      running.delete(child);
      resolve({ code: 127, output: error.message });
    });
    child.once('close', (code) => {
      running.delete(child);
      pids?.forget(noted);
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

export const lastLines = (output: string, count: number): string =>
  output.trimEnd().split('\n').slice(-count).join('\n');

export function onPath(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
