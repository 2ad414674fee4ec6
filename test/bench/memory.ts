import { setTimeout as wait } from 'node:timers/promises';
import { progress, table, timed } from './figures.ts';
import { liveShortly } from './life.ts';
import { families, type Memory, memory as memoryOf, processorMs } from './processes.ts';
import { quiet } from './quiet.ts';

const MIB_A_GIB = 1024;
const GOAL_GIB = 3;
const CLIENTS = 16;
/** A run lingers 10 s on the test stack, then it is archived and ends. */
const LINGER_MS = 15_000;

const sum = (of: Map<string, Memory>, pick: (each: Memory) => number): number =>
  [...of.values()].reduce((all, each) => all + pick(each), 0);

/** What the stack holds and uses while nobody asks it anything. */
export async function idle(seconds: number): Promise<void> {
  await quiet();
  const of = await families();
  const before = processorMs(of);
  await wait(1000 * seconds);
  const after = processorMs(of);
  const perSecond = (name: string): number => ((after.get(name) ?? 0) - (before.get(name) ?? 0)) / seconds;
  const held = memoryOf(of);
  const all = [...of.keys()].reduce((total, name) => total + perSecond(name), 0);
  const rows = [...held].map(([name, { rssMiB, pssMiB }]) => [name, pssMiB, rssMiB, perSecond(name)]);
  const pss = sum(held, ({ pssMiB }) => pssMiB);
  const rss = sum(held, ({ rssMiB }) => rssMiB);
  console.log(
    `\n${table([[`idle for ${seconds} s`, 'MiB (PSS)', 'MiB (RSS)', 'processor, ms a second'], ...rows, ['all', pss, rss, all]])}`,
  );
  console.log(
    `the idle stack holds ${(pss / MIB_A_GIB).toFixed(2)} GiB by PSS, ${(rss / MIB_A_GIB).toFixed(2)} GiB by RSS, which counts shared pages once for each process (goal ${GOAL_GIB} GiB)`,
  );
}

/** What is left in each process of many conversations that were opened and closed. */
export async function memory(conversations: number): Promise<void> {
  await quiet();
  const of = await families();
  const before = memoryOf(of);
  const say = progress('conversations', conversations);
  let done = 0;
  await timed(conversations, CLIENTS, async () => {
    await liveShortly();
    say((done += 1));
  });
  await quiet(undefined, LINGER_MS);
  const after = memoryOf(of);
  const row = (name: string, b: Memory | undefined, a: Memory): (string | number)[] => [
    name,
    b?.rssMiB ?? 0,
    a.rssMiB,
    b?.pssMiB ?? 0,
    a.pssMiB,
    ((a.pssMiB - (b?.pssMiB ?? 0)) * 1024) / conversations,
  ];
  const totalOf = (held: Map<string, Memory>): Memory => ({
    rssMiB: sum(held, ({ rssMiB }) => rssMiB),
    pssMiB: sum(held, ({ pssMiB }) => pssMiB),
  });
  console.log(
    `\n${table([
      [
        `${conversations} conversations later, MiB`,
        'RSS before',
        'RSS after',
        'PSS before',
        'PSS after',
        'KiB a conversation',
      ],
      ...[...after].map(([name, held]) => row(name, before.get(name), held)),
      row('all', totalOf(before), totalOf(after)),
    ])}`,
  );
}
