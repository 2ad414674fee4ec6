import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../deploy/local/waiting.ts';
import { clean, Launched, newPlace, processesOf, program, type Place } from './launched.ts';

// Real Temporal, Kafka and PostgreSQL from the cached parts, started by the real launcher; no services, no build.

const PARTS = ['kafka', 'postgres', 'temporal'];
const MINUTES = 180_000;

let place: Place;
let launched: Launched;
const elsewhere: Place[] = [];

async function another(): Promise<Place> {
  const made = await newPlace();
  elsewhere.push(made);
  return made;
}

const stateOf = ({ folder }: Place) =>
  JSON.parse(readFileSync(join(folder, 'stack.json'), 'utf8')) as Record<string, string>;
const pidsIn = ({ folder }: Place): string[] => readdirSync(join(folder, 'dev', 'pids')).sort();

async function partsOf({ base }: Place): Promise<{ name: string; pid: number }[]> {
  const answer = await fetch(`http://127.0.0.1:${base + 9}/parts`);
  return ((await answer.json()) as { items: { name: string; pid: number }[] }).items;
}

beforeAll(async () => {
  place = await newPlace();
  launched = new Launched(place);
  await launched.untilUp();
}, MINUTES);

afterAll(() => [place, ...elsewhere].forEach(clean));

describe('a launcher that is up', () => {
  test('said each step with its time, and last the contract’s line alone', () => {
    for (const step of ['Build', 'Temporal', 'Kafka', 'PostgreSQL', 'Identity provider', 'Mail catcher', 'Gateway'])
      expect(launched.lines).toContainEqual(expect.stringMatching(new RegExp(`^${step}  \\d+\\.\\d s$`)));
    expect(launched.lines.at(-1)).toBe(`Parley is up: http://localhost:${place.base}`);
    expect(launched.errors).toEqual(['']);
  });

  test('is the only one in its folder: a second one says so in one line', async () => {
    const second = new Launched(place);
    expect(await second.end()).toBe(1);
    expect(second.errors).toEqual([
      `Parley is already up or starting here (pid ${launched.child.pid}). Ctrl-C there stops it.`,
    ]);
  });

  test('has its ports: another one says which, who has it, and how to move', async () => {
    const { folder } = await another();
    const second = new Launched({ folder, base: place.base });
    expect(await second.end()).toBe(1);
    expect(second.errors).toEqual([
      `Port ${place.base} is used by node (pid ${launched.child.pid}). Stop it, or move Parley: \`PARLEY_PORT_BASE=14000 npm start\`.`,
    ]);
    expect(readdirSync(join(folder, 'dev', 'pids'))).toEqual([]);
  });

  test('keeps its data from `npm run reset`', async () => {
    const reset = new Launched(place, 'reset');
    expect(await reset.end()).toBe(1);
    expect(reset.errors).toEqual([
      `Parley is up (pid ${launched.child.pid}) and still needs its data: stop it first (Ctrl-C there).`,
    ]);
    expect(pidsIn(place)).toContain('launcher.json');
  });

  test('lends its parts: whoever is given them starts none, and Ctrl-C leaves them alone', async () => {
    const borrower = await another();
    const { temporal = '', kafka = '', database = '', issuer = '' } = stateOf(place);
    const smtp = `smtp://127.0.0.1:${place.base + 25}`;
    const given = {
      TEMPORAL_ADDRESS: temporal,
      KAFKA_BROKERS: kafka,
      DATABASE_URL: database,
      OIDC_ISSUER: issuer,
      SMTP_URL: smtp,
    };
    const second = new Launched(borrower, 'start', given);
    await second.untilUp();
    for (const step of ['Temporal', 'Kafka', 'PostgreSQL', 'Identity provider', 'Mail catcher'])
      expect(second.lines).toContainEqual(expect.stringContaining(`${step} (given)  `));
    expect((await partsOf(borrower)).map(({ name }) => name)).toEqual(['control', 'channel', 'gateway']);
    expect(stateOf(borrower)).toMatchObject({ temporal, kafka, issuer, mail: { smtp } });
    expect(await second.end('SIGINT')).toBe(0);
    expect((await partsOf(place)).map(({ name }) => name)).toEqual(expect.arrayContaining(PARTS));
  }, 60_000);
});

describe('a launcher that ends', () => {
  test('by -9 leaves its parts running; the next `npm start` stops them, says so, and goes on with their data', async () => {
    const before = (await partsOf(place)).filter(({ name }) => PARTS.includes(name));
    expect(await launched.end('SIGKILL')).toBe('SIGKILL');
    expect(processesOf(place.folder)).toHaveLength(PARTS.length);
    launched = new Launched(place, ['npm', 'start']);
    await launched.untilUp();
    const said = launched.lines.find((line) => line.startsWith('Stopped what a killed start had left running: '));
    expect(said?.split(': ')[1]?.split(', ').sort()).toEqual(PARTS);
    const after = (await partsOf(place)).filter(({ name }) => PARTS.includes(name));
    expect(after.filter(({ pid }) => before.some((each) => each.pid === pid))).toEqual([]);
    // npm waits for all that it started, and then ends as the signal says.
    expect(await launched.end('SIGINT')).toBe('SIGINT');
  }, 120_000);

  test('by Ctrl-C ends all that it started, and keeps the data', () => {
    expect(launched.lines.at(-1)).toBe('Stopped.');
    expect(processesOf(place.folder)).toEqual([]);
    expect(pidsIn(place)).toEqual([]);
    expect(existsSync(join(place.folder, 'stack.json'))).toBe(false);
    expect(existsSync(join(place.folder, 'dev', 'postgres', 'data', 'PG_VERSION'))).toBe(true);
  });

  test('can be forgotten: `npm run reset` removes its data and no part that was downloaded', async () => {
    const reset = new Launched(place, ['npm', 'run', 'reset']);
    expect(await reset.end()).toBe(0);
    expect(reset.lines.at(-1)).toBe('Forgot the local data. `npm start` begins anew.');
    expect(existsSync(join(place.folder, 'dev'))).toBe(false);
    expect(existsSync(join(place.folder, 'parts', 'temporal'))).toBe(true);
  });
});

describe('a launcher that is stopped while it starts', () => {
  /** A build of two processes that never ends. */
  const hangingBuild = ({ folder, base }: Place) => program(folder, 'npx', `sleep 600.${base} & sleep 601.${base}`);
  const sleepsOf = ({ base }: Place): string[] => processesOf(`.${base} `);
  const isPartStarted = (at: Place): boolean => pidsIn(at).some((file) => PARTS.includes(file.replace('.json', '')));

  test.each([
    ['a build runs', (at: Place) => pidsIn(at).some((file) => file.startsWith('npx-'))],
    ['parts come up', isPartStarted],
  ])(
    'by Ctrl-C while %s leaves nothing behind',
    async (_when, isSo) => {
      const at = await another();
      hangingBuild(at);
      const starting = new Launched(at);
      expect([await eventually(() => isSo(at), 30_000), starting.errors]).toEqual([true, ['']]);
      expect(await starting.end('SIGINT')).toBe(0);
      expect(starting.lines.at(-1)).toBe('Stopped.');
      expect([processesOf(at.folder), sleepsOf(at), pidsIn(at)]).toEqual([[], [], []]);
    },
    60_000,
  );

  test('by -9 leaves a build and half-started parts, which the next one finds', async () => {
    const at = await another();
    hangingBuild(at);
    const starting = new Launched(at);
    const isHalfStarted = await eventually(() => sleepsOf(at).length === 2 && isPartStarted(at), 60_000);
    expect([isHalfStarted, starting.errors]).toEqual([true, ['']]);
    await starting.end('SIGKILL');
    expect(sleepsOf(at)).toHaveLength(2);
    const reset = new Launched(at, 'reset');
    expect(await reset.end()).toBe(0);
    expect(reset.lines[0]).toMatch(/^Stopped what a killed start had left running: .*npx-\d+/);
    expect(await eventually(() => processesOf(at.folder).length === 0, 10_000)).toBe(true);
    expect(sleepsOf(at)).toEqual([]);
  }, 90_000);
});
