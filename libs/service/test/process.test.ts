import { afterEach, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { ask } from './asking.js';

const here = import.meta.dirname;
const ENVIRONMENT = {
  NODE_ENV: 'development',
  LOG_LEVEL: 'info',
  PORT: '0',
  TEMPORAL_ADDRESS: 'localhost:1',
  KAFKA_BROKERS: 'localhost:1',
  DATABASE_URL: 'postgres://localhost:1/x',
  OIDC_ISSUER: 'http://localhost:1',
  PARLEY_SECRET: 'a secret of tests, long enough for all',
};
const running = new Set<ChildProcess>();
afterEach(() => running.forEach((child) => child.kill('SIGKILL')));

function begin(env: Record<string, string>) {
  const loaded = ['--conditions=source', '--import', join(here, 'typescript.mjs'), join(here, 'process.main.ts')];
  const child = spawn(process.execPath, loaded, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line));
  /** The first line, past or to come, with this in it. */
  const said = async (what: string): Promise<string> => {
    for (;;) {
      const line = lines.find((one) => one.includes(what));
      if (line !== undefined) return line;
      await once(reader, 'line', { signal: AbortSignal.timeout(20_000) });
    }
  };
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(([[code], stderr]) => ({
    code: code as unknown,
    stderr,
  }));
  return { child, lines, said, ended };
}
const portOf = (line: string): number => (JSON.parse(line) as { port: number }).port;

test('SIGTERM: what was asked is answered, every stage ends, the process exits with 0', async () => {
  const service = begin(ENVIRONMENT);
  const port = portOf(await service.said('stats listens'));
  const answer = ask(port, '/stats/v1/last-word');
  await service.said('asked');
  service.child.kill('SIGTERM');
  const { status, text: body } = await answer;
  expect([status, JSON.parse(body)]).toEqual([200, { word: 'goodbye' }]);
  expect(await service.ended).toEqual({ code: 0, stderr: '' });
  expect(service.lines).toContain('the last stage');
});

test('a second process on the same port exits with 1 and says why in one line; the first goes on', async () => {
  const first = begin(ENVIRONMENT);
  const PORT = String(portOf(await first.said('stats listens')));
  const second = begin({ ...ENVIRONMENT, PORT, LOG_LEVEL: 'warn' });
  expect(await second.ended).toEqual({ code: 1, stderr: '' });
  expect(second.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      level: 'fatal',
      message: 'cannot start',
      err: { message: `listen EADDRINUSE: address already in use :::${PORT}` },
    },
  ]);
  expect((await ask(Number(PORT), '/stats/health/live')).status).toBe(200);
});

test('settings that are missing or wrong are listed, each in a line of its own and without its value, and it exits with 1', async () => {
  const { PARLEY_SECRET: _, DATABASE_URL: __, ...some } = ENVIRONMENT;
  const service = begin({ ...some, PORT: 'CANARY' });
  const { code, stderr } = await service.ended;
  expect(code).toBe(1);
  const named = stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.split(':').slice(0, 2).join(':'));
  expect(named.sort()).toEqual(['stats: DATABASE_URL', 'stats: PARLEY_SECRET', 'stats: PORT']);
  expect(stderr).not.toContain('CANARY');
  expect(service.lines).toEqual([]);
});
