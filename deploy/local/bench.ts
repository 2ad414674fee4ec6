import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './profile.ts';
import { testStack } from './test-stack.ts';
import { lineOf, Trouble } from './trouble.ts';

/** Runs the benchmark against a test stack of its own; what it measures and prints is its own business. */
async function main(): Promise<number> {
  const file = join(root, 'test', 'bench', 'main.ts');
  if (!existsSync(file)) throw new Trouble('There is no benchmark yet: test/bench/main.ts is missing.');
  const keep = process.argv.includes('--keep');
  const args = process.argv.slice(2).filter((arg) => arg !== '--keep');
  const stack = await testStack(keep);
  try {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PARLEY_STACK: stack.stateFile },
    });
    const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    return await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  } finally {
    await stack.end();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(lineOf(error));
    process.exit(1);
  },
);
