import { admin, inbox, say, writes } from '../end-to-end/actors.ts';
import { as } from '../end-to-end/stack.ts';
import { type Bare, startBare } from './bare.ts';
import { mean, table, timed } from './figures.ts';
import { newVisitor } from './life.ts';
import { explained, type Kind, type Looks } from './explain.ts';
import { families, type Families, processorMs } from './processes.ts';
import { quiet } from './quiet.ts';
import { metricsOf, scrape, type Samples } from './scrape.ts';

const IDLE_MS = 10_000;
/** A run lingers 10 s on the test stack before it is archived, which belongs to what a close costs. */
const LINGER_MS = 11_000;

type Work = Kind & { one: (n: number) => Promise<void>; followsMs?: number };

interface Measured {
  wallMs: number;
  /** Above what it uses when idle, for each of them, by process. */
  processor: Map<string, number>;
  looks: Looks;
}

/** What one message and one command cost, each alone: processor time by process, and where the time of an answer goes. */
export async function cost(count: number, clients: number): Promise<void> {
  const bare = await startBare();
  try {
    const of = await families({ 'the bare worker': bare.pid, 'the clients (this program)': process.pid });
    const idle = await idlePerSecond(of);
    for (const atOnce of [1, clients]) {
      const works = await worksOf(bare, count, atOnce);
      const measured: [Work, Measured][] = [];
      for (const work of works) measured.push([work, await measure(work, { count, atOnce, of, idle, bare })]);
      print(measured, idle, `${count} each, ${atOnce === 1 ? 'one after the other' : `${atOnce} at once`}`);
    }
  } finally {
    await bare.stop();
  }
}

/** Everything is prepared before anything is measured: conversations to write to, to pick and return, and to close. */
async function worksOf(bare: Bare, count: number, atOnce: number): Promise<Work[]> {
  const open = 4 * atOnce;
  const many = async <T>(howMany: number, make: () => Promise<T>): Promise<T[]> => {
    const made: T[] = [];
    await timed(howMany, 16, async () => void made.push(await make()));
    return made;
  };
  const begun = await many(open, () => bare.begin());
  const visitors = await many(open, async () => {
    const visitor = newVisitor();
    await say(visitor);
    return visitor;
  });
  const picked = await many(open, () => say(newVisitor()));
  const closed = await many(count, () => say(newVisitor()));
  const nth = <T>(list: T[], n: number): T => {
    const found = list[n % list.length];
    if (found === undefined) throw new Error('nothing was prepared');
    return found;
  };
  return [
    { name: 'bare Update', service: undefined, one: (n) => bare.command(nth(begun, n)) },
    {
      name: 'pick, return',
      service: 'inbox',
      one: async (n) => {
        const verb = Math.floor(n / open) % 2 === 0 ? 'pick' : 'return-to-queue';
        await as('agent-1').post(inbox(nth(picked, n), verb), {});
      },
    },
    {
      name: 'close',
      service: 'admin',
      one: async (n) => void (await as('manager-1').post(admin(nth(closed, n), 'close'), {})),
      followsMs: LINGER_MS,
    },
    {
      name: 'message',
      service: 'inbox',
      isStoredFirst: true,
      one: async (n) => void (await writes(nth(visitors, n), 'And one thing more.')),
    },
  ];
}

interface Setting {
  count: number;
  atOnce: number;
  of: Families;
  idle: Map<string, number>;
  bare: Bare;
}

async function measure(work: Work, { count, atOnce, of, idle, bare }: Setting): Promise<Measured> {
  await quiet(bare.metricsUrl);
  const before = { service: await serviceSamples(work), worker: await workerSamples(work, bare) };
  const startedAt = performance.now();
  const spentBefore = processorMs(of);
  const walls = await timed(count, atOnce, work.one);
  const after = await afterwards(work, bare);
  const spentAfter = processorMs(of);
  const seconds = (performance.now() - startedAt) / 1000;
  const processor = new Map(
    [...spentAfter].map(([name, ms]) => {
      const above = ms - (spentBefore.get(name) ?? 0) - seconds * (idle.get(name) ?? 0);
      return [name, Math.max(0, above) / count];
    }),
  );
  return { wallMs: mean(walls), processor, looks: { before, after } };
}

/** What was set off is over, and counts. */
async function afterwards(work: Work, bare: Bare): Promise<Looks['after']> {
  await quiet(bare.metricsUrl, work.followsMs);
  return { service: await serviceSamples(work), worker: await workerSamples(work, bare) };
}

const serviceSamples = async ({ service }: Kind): Promise<Samples> =>
  service ? scrape(metricsOf[service]()) : new Map<string, number>();
const workerSamples = ({ service }: Kind, bare: Bare): Promise<Samples> =>
  scrape(service ? metricsOf.worker() : bare.metricsUrl);

async function idlePerSecond(of: Families): Promise<Map<string, number>> {
  await quiet(undefined, LINGER_MS);
  const before = processorMs(of);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const after = processorMs(of);
  return new Map([...after].map(([name, ms]) => [name, ((ms - (before.get(name) ?? 0)) * 1000) / IDLE_MS]));
}

function print(measured: [Work, Measured][], idle: Map<string, number>, how: string): void {
  const names = measured.map(([{ name }]) => name);
  const processes = [...idle.keys()];
  const spent = (process: string): number[] => measured.map(([, { processor }]) => processor.get(process) ?? 0);
  const sums = measured.map(([, { processor }]) => [...processor.values()].reduce((sum, each) => sum + each, 0));
  const idleSum = [...idle.values()].reduce((sum, each) => sum + each, 0);
  console.log(
    `\n${table([
      [`processor, ms each (${how})`, 'idle, ms a second', ...names],
      ...processes.map((process) => [process, idle.get(process) ?? 0, ...spent(process)]),
      ['all', idleSum, ...sums],
    ])}`,
  );
  const columns = measured.map(([work, { wallMs, looks }]) => explained(work, wallMs, looks));
  const labels = columns[0]?.map(([label]) => label) ?? [];
  const rows = labels.map((label, row) => [label, ...columns.map((column) => column[row]?.[1])]);
  console.log(`\n${table([[`time, ms on average (${how})`, ...names], ...rows])}`);
}
