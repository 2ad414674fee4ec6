import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { profileOf, root } from './profile.ts';
import { lastLines, run } from './run.ts';
import { testStack } from './test-stack.ts';
import { lineOf } from './trouble.ts';

interface Score {
  readonly passed: number;
  readonly failed: number;
}

const jestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});
/** What ESLint says when Nx gave it no graph of the projects: then the import walls were not looked at. */
const wallsUnseen = 'will be skipped';

const seconds = (since: number): string => `${((Date.now() - since) / 1_000).toFixed(1)} s`;

async function check(title: string, target: string): Promise<Score> {
  const startedAt = Date.now();
  const { code, output } = await run('npx', ['nx', 'run', target, '--output-style=static'], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  });
  const isFine = code === 0 && !output.includes(wallsUnseen);
  if (!isFine) console.log(lastLines(output, 80));
  console.log(`${title}  ${isFine ? '' : 'failed  '}${seconds(startedAt)}`);
  return { passed: 0, failed: isFine ? 0 : 1 };
}

/** Jest's own output goes to the screen; what it counted comes back. */
async function jest(stateFile: string, args: readonly string[]): Promise<Score> {
  const report = join(profileOf('test').folder, 'jest.json');
  rmSync(report, { force: true });
  const bin = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const options = ['--config', join(root, 'jest.config.mjs'), '--json', `--outputFile=${report}`, ...args];
  const child = spawn(
    process.execPath,
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', bin, ...options],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PARLEY_STACK: stateFile },
    },
  );
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const ended = await new Promise<string>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? String(code))),
  );
  return scoreOf(report, ended);
}

function scoreOf(report: string, ended: string): Score {
  try {
    const counted = jestReport.parse(JSON.parse(readFileSync(report, 'utf8')));
    const failed = counted.numFailedTests + counted.numRuntimeErrorTestSuites;
    return { passed: counted.numPassedTests, failed: ended !== '0' && failed === 0 ? 1 : failed };
  } catch {
    console.log(`Jest ended without a report (${ended}).`);
    return { passed: 0, failed: 1 };
  }
}

async function onStack(keep: boolean, args: readonly string[]): Promise<Score> {
  const startedAt = Date.now();
  const stack = await testStack(keep);
  console.log(`Test stack  ${seconds(startedAt)}`);
  try {
    return await jest(stack.stateFile, args);
  } finally {
    const stoppingAt = Date.now();
    await stack.end();
    console.log(
      keep
        ? 'The test stack stays up (--keep); `npm test` without it ends it.'
        : `Test stack stopped  ${seconds(stoppingAt)}`,
    );
  }
}

async function tests(keep: boolean, args: readonly string[]): Promise<Score> {
  try {
    return await onStack(keep, args);
  } catch (error) {
    console.log(lineOf(error));
    return { passed: 0, failed: 1 };
  }
}

/** Everything that CI runs, coverage of the rules included. With a pattern for Jest it is a developer in a hurry: only those tests. */
async function main(): Promise<void> {
  const keep = process.argv.includes('--keep');
  const args = process.argv.slice(2).filter((arg) => arg !== '--keep');
  const scores: Score[] = [];
  if (args.length === 0) {
    scores.push(await check('Lint', 'parley:lint'));
    scores.push(await check('Types', 'parley:typecheck'));
  }
  scores.push(await tests(keep, args.length === 0 ? ['--coverage'] : args));
  const sum = (count: (score: Score) => number): number => scores.reduce((total, score) => total + count(score), 0);
  const failed = sum((score) => score.failed);
  console.log(`${sum((score) => score.passed)} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

void main();
