import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';

const root = join(import.meta.dirname, '..', '..');
const stackFile = process.env['PARLEY_STACK'] ?? join(root, '.local', 'test', 'stack.json');
const folder = mkdtempSync(join(tmpdir(), 'parley-demo-'));
const log = new LogFollower();
beforeAll(() => void log.start());
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await log.stop();
});

interface Shown {
  code: number;
  out: string;
  said: string;
}
const demo = (...args: string[]): Promise<Shown> =>
  new Promise((resolve) => {
    const all = ['run', '--silent', 'demo', '--', '--stack', stackFile, ...args];
    execFile('npm', all, { cwd: root, timeout: 300_000 }, (error, out, said) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, said }),
    );
  });
const AGENTS = ['agent-1', 'agent-2'];
/** The rows of a way of ending, without its name: preset, count, what the API says, what Kafka says. */
const rowsOf = (out: string, ending: string): string[][] =>
  out
    .split('\n')
    .map((line) => line.split(/ {2,}/))
    .filter(([name]) => name === ending)
    .map((cells) => cells.slice(1));
const under = (preset: string, count: number, end: string): string[] => [
  preset,
  String(count),
  `${count} ${end}`,
  `${count} ${end}`,
];

/** Four short dialogues and the longest of the shared corpus where it lies beside the project, else of the project's own. */
function someDialogues(): string {
  const corpus = join(root, '..', 'shared', 'data', 'dialogues.jsonl.gz');
  const lines = existsSync(corpus)
    ? gunzipSync(readFileSync(corpus)).toString('utf8').split('\n')
    : readFileSync(join(root, 'examples', 'dialogues', 'twelve.jsonl'), 'utf8').split('\n');
  const short = lines.filter((line) => line !== '').toSorted((a, b) => a.length - b.length);
  const file = join(folder, 'some.jsonl.gz');
  writeFileSync(file, gzipSync([...short.slice(0, 4), ...short.slice(-1)].join('\n')));
  return file;
}

/** The ways of ending that few conversations have once each, and what becomes of them. */
const ONCE: [string, string[]][] = [
  ['closed-by-supervisor', under('iadvize-onsite', 1, 'closed (supervisor)')],
  ['cancelled', under('sellia-campaign', 1, 'cancelled (supervisor)')],
  ['reassigned-and-closed', under('iadvize-onsite', 1, 'closed (agent)')],
  ['paused-resumed-closed', under('iadvize-social', 1, 'closed (agent)')],
  ['session-ended', under('zendesk-messaging', 1, 'wrap-up')],
  ['left-to-close-naturally', under('iadvize-social', 1, 'closed (natural)')],
];

test('`npm run demo` plays every way of ending, the API and Kafka agree on each, and its agents are as they were found', async () => {
  const presence = () => Promise.all(AGENTS.map((agent) => as(agent).get('/inbox/v1/agents/me/presence')));
  await as('agent-1').put('/inbox/v1/agents/me/presence', { status: 'offline', accepts: 'picking' });
  const found = await presence();
  const { code, out } = await demo();
  expect(await presence()).toEqual(found);
  expect(out).toContain('Playing 12 conversations from 12 dialogues');
  expect(rowsOf(out, 'closed-by-agent')).toEqual([
    under('iadvize-onsite', 2, 'closed (agent)'),
    under('iadvize-social', 1, 'closed (agent)'),
    under('sellia-campaign', 2, 'closed (agent)'),
    under('zendesk-messaging', 1, 'closed (agent)'),
  ]);
  for (const [ending, row] of ONCE) expect([ending, rowsOf(out, ending)]).toEqual([ending, [row]]);
  expect(out).toContain('All 12 conversations ended as played; the API and Kafka agree.');
  expect(code).toBe(0);
}, 320_000);

test('a file of dialogues, gzipped: each way of ending once, under all four presets, told by their events', async () => {
  const from = new Date().toISOString();
  const { code, out } = await demo('--dialogues', someDialogues(), '--count', '14', '--speed', '100');
  expect(out).toContain('Playing 14 conversations from 5 dialogues');
  expect(rowsOf(out, 'closed-by-agent')).toEqual([
    under('iadvize-onsite', 2, 'closed (agent)'),
    under('iadvize-social', 2, 'closed (agent)'),
    under('sellia-campaign', 3, 'closed (agent)'),
    under('zendesk-messaging', 1, 'closed (agent)'),
  ]);
  for (const [ending, row] of ONCE) expect([ending, rowsOf(out, ending)]).toEqual([ending, [row]]);
  expect(out).toContain('All 14 conversations ended as played; the API and Kafka agree.');
  expect(code).toBe(0);
  const values = await until('the log of it', async () => {
    const found = log.records.map(({ value }) => value).filter((value) => String(field(value, 'time')) >= from);
    return found.some((value) => field(value, 'closeKind') === 'natural') ? found : undefined;
  });
  const policies = new Set(values.map((value) => field(value, 'policy', 'name')));
  for (const name of ['iadvize-onsite', 'iadvize-social', 'sellia-campaign', 'zendesk-messaging'])
    expect([name, policies.has(name)]).toEqual([name, true]);
  const types = new Set(values.map((value) => field(value, 'type')));
  for (const type of ['paused', 'resumed', 'reassigned', 'cancelled', 'session-ended', 'archived'])
    expect([type, types.has(`conversation.${type}`)]).toEqual([type, true]);
}, 320_000);

test('exit code 1 and a line that says what: a conversation that somebody else ended', async () => {
  const from = new Date().toISOString();
  const playing = demo('--count', '1', '--speed', '1');
  const id = await until('the conversation to be on a panel', async () => {
    const list = await as('super-administrator-1').get(
      '/admin/v1/conversations?channelAccount=site&status=assigned,active',
    );
    const items = field(list, 'items') as object[];
    const mine = items.find((item) => String(field(item, 'startedAt')) >= from);
    return field(mine, 'conversationId');
  });
  expect(verdict(await send('super-administrator-1', admin(String(id), 'close')))).toBe('200 closed');
  const { code, out } = await playing;
  expect(code).toBe(1);
  expect(out).toMatch(/^part 1 \(closed-by-agent, site\) broke off: /m);
  expect(out).toContain('Not as played: see above.');
}, 120_000);

test('exit code 1 and one line: a file that is not there, an option that is none, no Parley to play on', async () => {
  const missing = join(folder, 'missing.jsonl.gz');
  const nowhere = join(folder, 'stack.json');
  const refusals = [
    await demo('--dialogues', missing),
    await demo('--count', 'many'),
    await demo('--speed', '0'),
    await demo('--stack', nowhere),
  ];
  expect(refusals.map(({ code, said }) => [code, said.trim().split('\n')])).toEqual([
    [1, [`${missing} cannot be read: there is no such file, or it is not ours to read`]],
    [1, ['--count takes a whole number from 1 to 10000']],
    [1, ['--speed takes a number above 0, up to 1000; 1 is a turn every 2 s']],
    [1, ['Parley is not up here: `npm start` first, and again when it says "Parley is up".']],
  ]);
}, 60_000);
