import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const stackFile = process.env['PARLEY_STACK'] ?? join(root, '.local', 'test', 'stack.json');

test('the demo plays every way of ending, and the API and Kafka agree on each', async () => {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['run', '--silent', 'demo', '--', '--count', '25', '--speed', '100', '--stack', stackFile],
    {
      cwd: root,
      timeout: 300_000,
    },
  );
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
  const row = (ending: string): string[] => rows.find(([name]) => name === ending) ?? [];
  expect(row('closed-by-agent').slice(1)).toEqual(['15', '15 closed (agent)', '15 closed (agent)']);
  expect(row('closed-by-supervisor').slice(1)).toEqual(['2', '2 closed (supervisor)', '2 closed (supervisor)']);
  expect(row('cancelled').slice(1)).toEqual(['2', '2 cancelled (supervisor)', '2 cancelled (supervisor)']);
  expect(row('left-to-close-naturally')[3]).toMatch(/^[12] closed \(natural\)$/);
  expect(row('session-ended')[2]).toMatch(/^[12] wrap-up$/);
  expect(stdout).toContain('All 25 conversations ended as played; the API and Kafka agree.');
}, 320_000);
