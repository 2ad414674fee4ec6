import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './profile.ts';
import { testStack } from './test-stack.ts';
import { lineOf, Trouble } from './trouble.ts';

/** The one part that needs the stack to be down, with its data kept. */
const WARM_START = 'start';

/** Runs the benchmark against a test stack of its own; what it measures and prints is its own business. */
async function main(): Promise<number> {
  const keep = process.argv.includes('--keep');
  const args = process.argv.slice(2).filter((arg) => arg !== '--keep');
  const parts = args.filter((arg) => /^[a-z]+$/.test(arg));
  const isAll = parts.length === 0;
  const startsAnew = parts.includes(WARM_START) || (isAll && !keep);
  if (startsAnew && keep) throw new Trouble('A stack that is kept cannot be started: leave out --keep, or `start`.');
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
