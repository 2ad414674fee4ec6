import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { deathsInARow, restartDelayMs } from '../../deploy/local/backoff.ts';
import { answerJson, listen, type Listening } from '../../deploy/local/http.ts';
import { Logs } from '../../deploy/local/logs.ts';
import { Pids, stopLeftovers } from '../../deploy/local/pids.ts';
import { isAlive, processId, readStat, treeOf } from '../../deploy/local/process-table.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { Supervised, type Program } from '../../deploy/local/supervised.ts';
import { eventually, isWell } from '../../deploy/local/waiting.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lives until it is ended; ready at once. */
const sleeper = (name: string, args = ['-e', 'setInterval(() => {}, 1000)']): Program => ({
  name,
  command: process.execPath,
  args,
  cwd: folder,
  readyWithinMs: 20_000,
  isReady: () => Promise.resolve(true),
});

describe('a process is told from a later one with its pid', () => {
  test('the start time is read past a command that holds parentheses', () => {
    const stat = `812 (a (b) c) S 1 812 812 0 -1 4194560 0 0 0 0 7 3 0 0 20 0 1 0 5151 0 0`;
    expect(readStat(stat)).toEqual({ state: 'S', parent: 1, startTicks: '5151' });
  });

  test('alive only with the same start', () => {
    const me = processId(process.pid);
    expect(me && isAlive(me)).toBe(true);
    expect(isAlive({ pid: process.pid, startedAt: 'another boot:1' })).toBe(false);
    expect(processId(2 ** 30)).toBeUndefined();
  });

  test('its tree holds what it started', async () => {
    const child = spawn('sleep', ['30']);
    await once(child, 'spawn');
    expect(treeOf(process.pid)).toContain(child.pid);
    child.kill('SIGKILL');
  });
});

describe('a restart waits longer each time', () => {
  test('from a quarter of a second to five', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map(restartDelayMs)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  test('and from the beginning after half a minute of life', () => {
    expect([deathsInARow(0, 10), deathsInARow(4, 29_999), deathsInARow(4, 30_000)]).toEqual([1, 5, 1]);
  });
});

describe('a supervised process', () => {
  const said: string[] = [];
  const supervise = (program: Program) =>
    new Supervised(program, { logs: new Logs(folder), pids: new Pids(folder), say: (line) => said.push(line) });
  beforeEach(() => {
    said.length = 0;
  });

  test('that is killed comes back, and its restart is said', async () => {
    const part = supervise(sleeper('kafka'));
    await part.start();
    const { pid } = part.report();
    await part.kill();
    await part.untilReady();
    expect(said).toEqual(['kafka ended (SIGKILL); it starts again in 0.25 s']);
    expect(part.report()).toMatchObject({ state: 'running', restarts: 1 });
    expect(part.report().pid).not.toBe(pid);
    await part.stop();
    expect(part.report()).toMatchObject({ state: 'stopped', pid: null });
  });

  test('that is halted stays away until it is started', async () => {
    const part = supervise(sleeper('kafka'));
    await part.start();
    await part.halt();
    expect([part.report().state, said]).toEqual(['stopped', []]);
    await part.start();
    expect(part.report().state).toBe('running');
    await part.stop();
  });

  test('that is not ready in time is given up with what was down and its last words', async () => {
    const waiting = { ...sleeper('worker'), readyWithinMs: 300, isReady: async () => 'kafka is down' };
    const part = supervise(waiting);
    await expect(part.start()).rejects.toThrow(
      `worker was not ready within 0.3 s, kafka is down: "". All of it: ${join(folder, 'logs', 'worker.log')}`,
    );
    await part.stop();
  });

  test('that was ready once is started again without being asked: also while what it needs is away', async () => {
    let answer: true | string = true;
    const part = supervise({ ...sleeper('inbox'), isReady: async () => answer });
    await part.start();
    const { pid } = part.report();
    answer = 'kafka is down';
    await part.kill();
    expect(await eventually(() => part.report().state === 'running', 5_000)).toBe(true);
    expect(part.report()).toMatchObject({ restarts: 1 });
    expect(part.report().pid).not.toBe(pid);
    await part.stop();
  });

  test('that never gets ready is given up with its last words', async () => {
    const dying = {
      ...sleeper('stats', ['-e', 'console.error("no database"); process.exit(3)']),
      isReady: () => Promise.resolve(false),
    };
    const part = supervise(dying);
    await expect(part.start()).rejects.toThrow(
      `stats ended before it was ready: "no database". All of it: ${join(folder, 'logs', 'stats.log')}`,
    );
    await part.stop();
  });
});

describe('a service is started when it is usable, not when it answers', () => {
  const up = { status: 'up' };
  const away = { status: 'down', detail: 'starting' };
  let report: object = {};
  let service: Listening;
  let url = '';
  const isStarted = (): Promise<true | string> => isWell(url, ['dispatcher']);
  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/inbox/health/ready`;
    service = await listen('inbox', port, (_request, response) => answerJson(response, 200, report));
  });
  afterAll(() => service.close());

  test('200 and `degraded` is not yet, and says what is down; `ok` is', async () => {
    report = { status: 'degraded', checks: { database: up, 'consumer inbox': away, kafka: { status: 'down' } } };
    expect(await isStarted()).toBe('consumer inbox is down (starting), kafka is down');
    report = { status: 'ok', checks: { database: up, 'consumer inbox': up, kafka: up } };
    expect(await isStarted()).toBe(true);
  });

  test('a message of earlier days that nobody can place holds up no start', async () => {
    report = { status: 'degraded', checks: { database: up, dispatcher: away } };
    expect(await isStarted()).toBe(true);
  });

  test('what is no report is no yes', async () => {
    report = { status: 'ok' };
    await expect(isStarted()).rejects.toThrow('checks');
  });
});

describe('what a killed launcher left behind', () => {
  test('is found by pid and start, stopped, and forgotten', async () => {
    const pids = new Pids(folder);
    const child = spawn('sleep', ['30']);
    await once(child, 'spawn');
    const id = processId(child.pid ?? 0);
    if (!id) throw new Error('sleep did not start');
    pids.note('inbox', id);
    pids.note('kafka', { ...id, startedAt: 'an earlier process with this pid' });
    expect((await stopLeftovers(pids)).map(({ name }) => name)).toEqual(['inbox']);
    expect(await eventually(() => child.signalCode === 'SIGTERM', 2_000)).toBe(true);
    expect(readdirSync(join(folder, 'pids'))).toEqual([]);
  });

  test('a second launcher is refused in one line while the first lives', () => {
    const pids = new Pids(folder);
    pids.claim();
    expect(() => new Pids(folder).claim()).toThrow(
      `Parley is already up or starting here (pid ${process.pid}). Ctrl-C there stops it.`,
    );
    pids.release();
    expect(() => new Pids(folder).claim()).not.toThrow();
  });
});

test('the last words of a service are its message, not its JSON', () => {
  const logs = new Logs(folder);
  writeFileSync(
    logs.path('inbox'),
    '{"level":"info","msg":"starting"}\n{"level":"fatal","err":{"message":"no database"}}\n',
  );
  writeFileSync(logs.path('kafka'), 'first\nOut of memory\n');
  expect([logs.lastWords('inbox'), logs.lastWords('kafka'), logs.lastWords('none')]).toEqual([
    'no database',
    'Out of memory',
    '',
  ]);
});
