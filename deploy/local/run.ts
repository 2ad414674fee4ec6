import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { signalTree } from './process-table.ts';

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

/** Ends what `run` still waits for: a build or a download has no place in a stack that is being stopped. */
export function stopRuns(): void {
  for (const { pid } of running) if (pid !== undefined) signalTree(pid, 'SIGTERM');
}

/** Runs a program to its end and keeps what it printed. One that cannot be started ends with code 127, as in a shell. */
export function run(command: string, args: readonly string[], options: Options = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const { cwd, env, runAs } = options;
    const child = spawn(command, args, { cwd, env: env ?? process.env, ...runAs, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const chunks: Buffer[] = [];
    const keep = (chunk: Buffer): number => chunks.push(chunk);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => {
      running.delete(child);
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
