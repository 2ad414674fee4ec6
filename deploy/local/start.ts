import { parseArgs } from 'node:util';
import { prepareStack, startStack } from './launch.ts';
import { isAlive, processId } from './process-table.ts';
import { profileOf } from './profile.ts';
import type { Stack } from './stack.ts';
import type { StackState } from './state.ts';
import { lineOf } from './trouble.ts';

const betweenLooksMs = 1_000;
/** One Ctrl-C reaches us twice, from the terminal and from npm; a second one of a person comes later. */
const samePressMs = 1_000;

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'dev' },
    'as-long-as': { type: 'string' },
    fresh: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => console.log(line);

/** The contract's line stands alone and last: programs wait for it, and a person finds it where the screen ends. */
function summary({ gateway, temporalUi, mail, channel, issuer }: StackState, seconds: number): string {
  const table = [
    ['Console', gateway],
    ['API', `${gateway}/admin/openapi.json   (inbox, stats, notifications likewise)`],
    ['Temporal', temporalUi],
    ['Mail', mail.api],
    ['Channel', `${channel}/deliveries`],
    ['Identity', issuer],
    ['A token', 'npm run --silent token -- manager-1'],
    ['Try this', 'npm run demo, or the first five minutes of README.md'],
    ['Stop', 'Ctrl-C   (npm run reset then forgets the data)'],
  ];
  return [
    '',
    `Everything runs after ${seconds} s:`,
    ...table.map(([what = '', where = '']) => `  ${what.padEnd(14)}${where}`),
    '',
    `Parley is up: ${gateway}`,
  ].join('\n');
}

function stopOnSignals(stack: Stack): void {
  let firstAt: number | undefined;
  const onSignal = async (): Promise<void> => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      say('\nStopping: services first, then the parts. Data stays. (Ctrl-C again: at once)');
      await stack.stop();
      say('Stopped.');
    } else if (Date.now() - firstAt > samePressMs) await stack.abort();
    else return;
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal());
}

/** A test run that dies without stopping its stack takes the stack with it. */
function stopWith(pid: number): void {
  const owner = processId(pid);
  setInterval(() => {
    if (!owner || !isAlive(owner)) process.kill(process.pid, 'SIGTERM');
  }, betweenLooksMs).unref();
}

async function main(): Promise<void> {
  const startedAt = Date.now();
  const stack = await prepareStack(profileOf(values.profile === 'test' ? 'test' : 'dev'), say, values.fresh);
  stopOnSignals(stack);
  const until = values['as-long-as'] === undefined ? null : Number(values['as-long-as']);
  if (until !== null) stopWith(until);
  try {
    const state = await startStack(stack, say, until);
    say(summary(state, Math.round((Date.now() - startedAt) / 1_000)));
  } catch (error) {
    if (stack.isStopping) return;
    await stack.stop();
    console.error(lineOf(error));
    process.exit(1);
  }
}

// Whoever reads our output may go away; the stack stays.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

main().catch((error: unknown) => {
  console.error(lineOf(error));
  process.exit(1);
});
