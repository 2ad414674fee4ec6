import { parseArgs } from 'node:util';
import { agentsReady } from '../end-to-end/actors.ts';
import { startBare } from './bare.ts';
import { median, percentile, rate, table } from './figures.ts';
import { live } from './life.ts';
import { spentDuring, usages } from './processes.ts';
import { sightings } from './seen.ts';

// `npm run bench`: ratios of one run; absolute figures drift on shared machines and are printed beside them.

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    lives: { type: 'string', default: '120' },
    clients: { type: 'string', default: '30' },
    conversations: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
  },
});
const [rounds, count, clients, conversations, seconds] = [
  values.rounds,
  values.lives,
  values.clients,
  values.conversations,
  values.seconds,
].map(Number);
/** A life is four acknowledged commands on both sides. */
const COMMANDS = 4;

async function throughput(): Promise<void> {
  const bare = await startBare();
  const ratios: number[] = [];
  await rate(20, clients ?? 30, bare.live);
  await rate(20, clients ?? 30, live);
  for (let round = 0; round < (rounds ?? 3); round += 1) {
    const b = COMMANDS * (await rate(count ?? 120, clients ?? 30, bare.live));
    const p = COMMANDS * (await rate(count ?? 120, clients ?? 30, live));
    ratios.push(p / b);
    console.log(
      `round ${round + 1}: bare Temporal ${b.toFixed(1)} commands/s, Parley by HTTP ${p.toFixed(1)} commands/s, ratio ${(p / b).toFixed(2)}`,
    );
  }
  const cost = async (one: () => Promise<void>): Promise<Map<string, number>> =>
    spentDuring(async () => void (await rate(count ?? 120, 8, one)));
  const own = process.cpuUsage();
  const bareCost = await cost(bare.live);
  const worker = process.cpuUsage(own);
  const parleyCost = await cost(live);
  await bare.stop();
  const commands = COMMANDS * (count ?? 120);
  console.log(`\nthroughput, Parley / bare Temporal: median ${median(ratios).toFixed(2)} (goal 0.80)\n`);
  const names = [...new Set([...bareCost.keys(), ...parleyCost.keys()])];
  const rows = names.map((name) => [
    name,
    (bareCost.get(name) ?? 0) / commands,
    (parleyCost.get(name) ?? 0) / commands,
  ]);
  rows.push(['the bare worker and its client', (worker.user + worker.system) / 1000 / commands, 0]);
  const sum = (column: number): number => rows.reduce((total, row) => total + Number(row[column]), 0);
  console.log(table([['processor, ms a command', 'bare', 'Parley'], ...rows, ['all', sum(1), sum(2)]]));
}

async function sight(): Promise<void> {
  const { delays, unseen } = await sightings(10, seconds ?? 60);
  console.log(
    `\naccepted → on another client's stream, 10 commands/s: p50 ${percentile(delays, 0.5).toFixed(0)} ms, p99 ${percentile(delays, 0.99).toFixed(0)} ms (goal 250), ${delays.length} seen, ${unseen} not seen`,
  );
}

async function memory(): Promise<void> {
  const before = await usages();
  await rate(conversations ?? 1000, 16, live);
  const after = await usages();
  const rows = [...after].map(([name, { rssMiB }]) => [name, before.get(name)?.rssMiB ?? 0, rssMiB]);
  console.log(`\n${table([[`resident MiB, ${conversations} conversations later`, 'before', 'after'], ...rows])}`);
}

await agentsReady('agent-1', 'agent-2');
await throughput();
await sight();
await memory();
