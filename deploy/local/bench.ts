import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from './profile.ts';
import { testStack } from './test-stack.ts';
import { lineOf, Trouble } from './trouble.ts';

/** The one part that needs the stack to be down, with its data kept. */
const WARM_START = 'start';

/**
 * Runs the benchmark against a test stack of its own, or with `--stack FILE` on one that is up and stays; what it measures
 * and prints is its own business.
 */
async function main(): Promise<number> {
  const { rest, file } = stackIn(process.argv.slice(2));
  const keep = rest.includes('--keep');
  const args = rest.filter((arg) => arg !== '--keep');
  const parts = args.filter((arg) => /^[a-z]+$/.test(arg));
  const isAll = parts.length === 0;
  const isKept = keep || file !== undefined;
  const startsAnew = parts.includes(WARM_START) || (isAll && !isKept);
  if (startsAnew && isKept)
    throw new Trouble('A stack that is kept cannot be started: leave out --keep and --stack, or `start`.');
  if (file !== undefined) return measure('main.ts', args, file);
  const stack = await testStack(keep);
  let code = 0;
  try {
    const others = args.filter((arg) => arg !== WARM_START);
    if (isAll || parts.some((part) => part !== WARM_START)) code = await measure('main.ts', others, stack.stateFile);
  } finally {
    await stack.end();
  }
  return startsAnew && code === 0 ? measure('start.ts', [], stack.stateFile) : code;
}

function stackIn(args: readonly string[]): { rest: readonly string[]; file?: string } {
  const at = args.indexOf('--stack');
  if (at < 0) return { rest: args };
  const file = args[at + 1];
  if (file === undefined || !existsSync(file)) throw new Trouble('--stack takes the state file of a stack that is up.');
  return { rest: args.toSpliced(at, 2), file: resolve(file) };
}

function measure(file: string, args: readonly string[], stateFile: string): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'test', 'bench', file), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PARLEY_STACK: stateFile },
  });
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  return new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(lineOf(error));
    process.exit(1);
  },
);
