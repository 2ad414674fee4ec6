import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { field, gateway } from '../end-to-end/stack.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```sh ?(\w*)\n([\s\S]*?)```/g)].map(([, kind = '', code = '']) => ({ kind, code }));
const shell = promisify(execFile);

describe('README', () => {
  test('the first five minutes run as written, and say what they promise', async () => {
    const script = ['set -euo pipefail', ...blocks.filter(({ kind }) => kind === '').map(({ code }) => code)].join(
      '\necho ------\n',
    );
    const { stdout } = await shell('bash', ['-c', script], {
      cwd: root,
      env: { ...process.env, PARLEY: gateway },
      timeout: 100_000,
    });
    const [, , message, desk, closes, why, refused] = stdout.split('------\n');
    expect(message).toMatch(/"messageId":"msg_[\w-]+","threadId":"th_[\w-]+"/);
    expect(desk).toContain('"capacity":{"messaging":');
    expect(closes).toContain('"dryRun":true');
    expect(closes).toContain('"closeKind":"supervisor"');
    expect(why).toContain('conversation.closed');
    expect(refused).toContain('"reasonCode":"FORBIDDEN_ROLE"');
  });

  test('every other command of it is an npm script that exists', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const scripts = Object.keys({ ...(field(manifest, 'scripts') as object) });
    const named = [...readme.matchAll(/npm (?:run (?:--silent )?)?([a-z]+)/g)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'run');
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
    expect(blocks.filter(({ kind }) => kind !== '').map(({ kind, code }) => [kind, code.trim()])).toEqual([
      ['start', 'npm start'],
      ['demo', 'npm run demo'],
      ['test', 'npm test'],
    ]);
  });
});
