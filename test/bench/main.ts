import { parseArgs } from 'node:util';
import { agentsReady } from '../end-to-end/actors.ts';
import { cost } from './cost.ts';
import { idle, memory } from './memory.ts';
import { sight } from './seen.ts';
import { throughput } from './throughput.ts';

// `npm run bench [-- PART…] [--option N]`: ratios of one run; absolute figures drift on shared machines and are printed
// beside them. `start` is start.ts: it needs the stack to be down.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '4' },
    lives: { type: 'string', default: '120' },
    clients: { type: 'string', default: '30' },
    commands: { type: 'string', default: '200' },
    conversations: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
  },
});

/** @throws Error that names the option */
function number(name: keyof typeof values): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a whole number above 0`);
}

/** In the order of a whole run: what wants an untouched stack first. */
const PARTS: Record<string, () => Promise<void>> = {
  idle: () => idle(Math.min(30, number('seconds'))),
  throughput: () => throughput(number('rounds'), number('lives'), number('clients')),
  cost: () => cost(number('commands'), number('clients')),
  sight: () => sight(10, number('seconds')),
  memory: () => memory(number('conversations')),
};

const unknown = positionals.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined)
  throw new Error(`The benchmark has no part ${unknown}: ${[...Object.keys(PARTS), 'start'].join(', ')}.`);

await agentsReady('agent-1', 'agent-2');
for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const startedAt = Date.now();
  console.log(`\n── ${name}`);
  await measure();
  console.log(`(${name} took ${((Date.now() - startedAt) / 1000).toFixed(0)} s)`);
}
