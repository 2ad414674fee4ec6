import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demandFree, portPlan } from '../../deploy/local/ports.ts';
import { root } from '../../deploy/local/profile.ts';
import { signalTree } from '../../deploy/local/process-table.ts';
import { eventually } from '../../deploy/local/waiting.ts';

// The real launcher, in a folder and on ports of its own, with a PATH on which we put what we want it to find.

const WITHIN_MS = 120_000;

export interface Place {
  folder: string;
  base: number;
}

/** A folder that PostgreSQL, which runs as somebody else, may walk through; with the parts that were fetched already. */
export async function newPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(root, '.local', 'parts'), { recursive: true });
  symlinkSync(join(root, '.local', 'parts'), join(folder, 'parts'));
  mkdirSync(join(folder, 'bin'));
  program(folder, 'npx', 'exit 0');
  // Below the ports that connections going out are given (32,768 and up): there one that was free is soon taken.
  for (let turn = process.pid; ; turn += 1) {
    const base = 20_000 + (turn % 90) * 140;
    const areFree = await demandFree(Object.values(portPlan(base))).then(
      () => true,
      () => false,
    );
    if (areFree) return { folder, base };
  }
}

/** A program of the given name, found before any other. */
export function program(folder: string, name: string, script: string): void {
  const path = join(folder, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

export class Launched {
  readonly child: ChildProcess;
  readonly #isTyped: boolean;
  #output = '';
  #errors = '';
  readonly #ended: Promise<unknown>;

  /** @param command the launcher itself, or `npm` and what a person types after it: npm, its script and the launcher */
  constructor(
    { folder, base }: Place,
    command: 'start' | 'reset' | readonly ['npm', ...string[]] = 'start',
    env: NodeJS.ProcessEnv = {},
  ) {
    const ours = { PARLEY_LOCAL: folder, PARLEY_PORT_BASE: String(base), PARLEY_SERVICES: 'none' };
    const path = `${join(folder, 'bin')}:${process.env['PATH']}`;
    this.#isTyped = typeof command !== 'string';
    const [program, ...args] =
      typeof command === 'string' ? [process.execPath, join(root, 'deploy', 'local', `${command}.ts`)] : command;
    this.child = spawn(program, args, {
      cwd: root,
      // As a terminal does: Ctrl-C reaches the whole group.
      detached: this.#isTyped,
      env: { ...process.env, ...ours, PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    this.#ended = once(this.child, 'close');
  }

  get lines(): string[] {
    return this.#output.trimEnd().split('\n');
  }

  get errors(): string[] {
    return this.#errors.trimEnd().split('\n');
  }

  async until(isSo: (lines: string[]) => boolean): Promise<void> {
    const hasEnded = (): boolean => this.child.exitCode !== null || this.child.signalCode !== null;
    await eventually(() => isSo(this.lines) || hasEnded(), WITHIN_MS);
    if (!isSo(this.lines)) throw new Error(`not so:\n${this.#output}${this.#errors}`);
  }

  untilUp(): Promise<void> {
    return this.until((lines) => lines.at(-1)?.startsWith('Parley is up') === true);
  }

  /** The exit code, or the signal that ended it. */
  async end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    if (signal && this.#isTyped && this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    else if (signal) this.child.kill(signal);
    await this.#ended;
    return this.child.exitCode ?? this.child.signalCode;
  }
}

/** Living processes that name the folder on their command line, the test's own aside. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const line = commandLineOf(pid);
      return line.includes(folder) ? [`${pid} ${line.slice(0, 120)}`] : [];
    });
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Ends whatever a failed test left, and the folder. */
export function clean({ folder }: Place): void {
  for (const line of processesOf(folder)) signalTree(Number(line.split(' ')[0]), 'SIGKILL');
  // The link and not what it leads to.
  unlinkSync(join(folder, 'parts'));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
