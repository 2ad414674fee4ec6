import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import { rows } from '../end-to-end/database.ts';
import { as, field, gateway } from '../end-to-end/stack.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```sh ?(\w*)\n([\s\S]*?)```/g)].map(([, kind = '', code = '']) => ({ kind, code }));
const shell = promisify(execFile);
const stackFile = process.env['PARLEY_STACK'] ?? join(root, '.local', 'test', 'stack.json');

/** As on a first day: nobody waits any more, and the agent has room for one. Other tests leave their visitors waiting. */
beforeAll(async () => {
  for (const agent of ['agent-1', 'agent-2']) {
    await as('manager-1').put(`/inbox/v1/agents/${agent}/capacity`, { messaging: 500, email: 5 });
    await as(agent).put('/inbox/v1/agents/me/presence', { status: 'online', accepts: 'automatic' });
  }
  await until('nobody to wait for support', async () => {
    const [waiting] = await rows(
      `select count(*)::int as count from inbox.conversation
       where status = 'pending' and group_id = 'support' and pending_reason <> 'returned' and tenant = 'demo'`,
    );
    return waiting?.['count'] === 0 ? true : undefined;
  });
  await as('agent-2').put('/inbox/v1/agents/me/presence', { status: 'offline', accepts: 'automatic' });
}, 130_000);

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
    const [, , message, places = '', closes = '', why, refused] = stdout.split('------\n');
    expect(message).toMatch(/"messageId":"msg_[\w-]+","threadId":"th_[\w-]+"/);
    const [desk = '', view = ''] = places.trim().split('\n');
    const [dry, wet] = closes.trim().split(/\n|(?<=\})(?=\{"outcome")/);
    const id = field(JSON.parse(wet ?? ''), 'conversation', 'conversationId');
    const items = field(JSON.parse(desk), 'items') as object[];
    const mine = items.find((item) => field(item, 'conversationId') === id);
    expect([field(mine, 'status'), field(mine, 'assignedTo')]).toEqual(['assigned', 'agent-1']);
    expect(Number(field(JSON.parse(desk), 'capacity', 'messaging', 'held'))).toBeGreaterThanOrEqual(1);
    expect([field(JSON.parse(view), 'conversationId'), field(JSON.parse(view), 'assignedTo')]).toEqual([id, 'agent-1']);
    expect(field(JSON.parse(dry ?? ''), 'dryRun')).toBe(true);
    expect(field(JSON.parse(wet ?? ''), 'conversation', 'closing', 'closeKind')).toBe('supervisor');
    expect(why).toContain('conversation.closed');
    expect(refused).toContain('"reasonCode":"FORBIDDEN_ROLE"');
  });

  test('`npm run rules` lists which test proves which rule', async () => {
    const { stdout } = await shell('npm', ['run', '--silent', 'rules'], { cwd: root });
    expect(stdout).toMatch(/^A1 .+ {2}· {2}.+\.test\.ts$/m);
    expect(stdout).toMatch(/^\d+ of \d+ rules have a test\./m);
  });

  test('`npm run token` gives an access token that works; a name that is none is said, and ends with 2', async () => {
    const token = (...names: string[]) => shell('npm', ['run', '--silent', 'token', '--', ...names], { cwd: root });
    const { stdout } = await token('auditor-1');
    const headers = { authorization: `Bearer ${stdout.trim()}` };
    expect((await fetch(`${gateway}/admin/v1/conversations?limit=1`, { headers })).status).toBe(200);
    await expect(token('nobody')).rejects.toMatchObject({ code: 2, stdout: '' });
  });

  test('`npm run bench -- sight` measures, and prints numbers', async () => {
    // Twice the time of a turn: what the agent has picked is given back by the end.
    const asked = ['sight', '--seconds', '6', '--stack', stackFile];
    const { stdout } = await shell('npm', ['run', 'bench', '--', ...asked], { cwd: root, timeout: 60_000 });
    const [, accepted] = /^(\d+) commands accepted in 6 s at 10 a second, \d+ refused$/m.exec(stdout) ?? [];
    expect(Number(accepted)).toBeGreaterThan(30);
    const [, median, p99] =
      /^accepted → on another client's stream: p50 (-?\d+) ms, p99 (-?\d+) ms/m.exec(stdout) ?? [];
    expect([median, p99].map(Number)).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Number(p99)).toBeGreaterThanOrEqual(Number(median));
    expect(stdout).toContain('not seen within 10 s: 0 (goal 0)');
  });

  test('the limits that it names are those that hold', async () => {
    const [, bodyKiB, levels, text, page] =
      /at most (\d+) KiB and (\d+) levels; a text ([\d,]+) code points; a list page (\d+) items/.exec(readme) ?? [];
    const body = (inside: object): object => ({ id: 'limit', contact: { id: 'limit' }, text: 'x', ...inside });
    const post = (inside: object) =>
      as('integration-1')
        .send('POST', '/inbox/v1/channels/site/messages', body(inside))
        .then(({ status }) => status);
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(await post({ text: 'x'.repeat(Number(bodyKiB) * 1024) })).toBe(413);
    expect(await post({ text: nested(Number(levels)) })).toBe(400);
    expect(await post({ text: 'x'.repeat(Number(text?.replace(',', '')) + 1) })).toBe(422);
    expect((await as('integration-1').send('GET', `/inbox/v1/conversations?limit=${page}`)).status).toBe(200);
    expect((await as('integration-1').send('GET', `/inbox/v1/conversations?limit=${Number(page) + 1}`)).status).toBe(
      422,
    );
  });

  // `npm start` and `npm run reset` run in local-stack/launcher.test.ts, `npm run demo` in end-to-end/demo.test.ts.
  test('what else it names is a script that exists', () => {
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
