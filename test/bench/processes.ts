import { readdirSync, readFileSync } from 'node:fs';
import { at, field, stack } from '../end-to-end/stack.ts';

// What the processes of one stack use, each process once. Linux only.

const TICK_MS = 10;
const MIB = 2 ** 20;
const PAGE_BYTES = 4096;
const LAUNCHER = 'launcher (gateway, identity, mail, channel)';

interface Stat {
  parent: number;
  /** Its own processor time. */
  ownMs: number;
  /** That of the children that it has outlived. */
  reapedMs: number;
  rssMiB: number;
}

/** A row of a table: one process, or one with all that it started. */
interface Family {
  pid: number;
  isAlone: boolean;
}
export type Families = Map<string, Family>;

export interface Memory {
  /** Resident, shared pages counted in each process that has them. */
  rssMiB: number;
  /** Shared pages counted in parts, so that a sum over processes is what they hold together. */
  pssMiB: number;
}

/** The stack's processes as its launcher reports them; what runs inside the launcher has the launcher's pid and is one row. */
export async function families(more: Record<string, number> = {}): Promise<Families> {
  const items = field(await (await fetch(`${at('control')}/parts`)).json(), 'items');
  const launcher = Number(field(stack, 'pid'));
  const found: Families = new Map();
  for (const item of Array.isArray(items) ? items : []) {
    const pid = Number(field(item, 'pid'));
    if (pid > 0 && pid !== launcher) found.set(String(field(item, 'name')), { pid, isAlone: false });
  }
  found.set(LAUNCHER, { pid: launcher, isAlone: true });
  for (const [name, pid] of Object.entries(more)) found.set(name, { pid, isAlone: true });
  return found;
}

/** Milliseconds of processor that each family has used so far, those of its members that have ended included. */
export function processorMs(of: Families): Map<string, number> {
  const stats = allStats();
  const spent = ({ pid, isAlone }: Family): number =>
    isAlone
      ? (stats.get(pid)?.ownMs ?? 0)
      : membersOf(pid, stats).reduce((sum, [, { ownMs, reapedMs }]) => sum + ownMs + reapedMs, 0);
  return new Map([...of].map(([name, family]) => [name, spent(family)]));
}

export function memory(of: Families): Map<string, Memory> {
  const stats = allStats();
  return new Map(
    [...of].map(([name, { pid, isAlone }]) => {
      const members = membersOf(pid, stats).filter(([each]) => !isAlone || each === pid);
      const sum = (pick: (member: [number, Stat]) => number): number =>
        members.reduce((all, each) => all + pick(each), 0);
      return [
        name,
        { rssMiB: sum(([, { rssMiB }]) => rssMiB), pssMiB: sum(([each, { rssMiB }]) => pssOf(each) ?? rssMiB) },
      ];
    }),
  );
}

function allStats(): Map<number, Stat> {
  const found = new Map<number, Stat>();
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const stat = statOf(pid);
    if (stat) found.set(pid, stat);
  }
  return found;
}

/** proc_pid_stat(5), from the state on: the command before it may hold spaces and parentheses. */
function statOf(pid: number): Stat | undefined {
  const line = textOf(`/proc/${pid}/stat`);
  if (line === undefined) return undefined;
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const number = (index: number): number => Number(fields[index] ?? 0);
  return {
    parent: number(1),
    ownMs: (number(11) + number(12)) * TICK_MS,
    reapedMs: (number(13) + number(14)) * TICK_MS,
    rssMiB: (number(21) * PAGE_BYTES) / MIB,
  };
}

function membersOf(pid: number, stats: Map<number, Stat>): [number, Stat][] {
  const root = stats.get(pid);
  const members: [number, Stat][] = root ? [[pid, root]] : [];
  for (const [parent] of members) members.push(...[...stats].filter(([, stat]) => stat.parent === parent));
  return members;
}

function pssOf(pid: number): number | undefined {
  const kib = /^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  return kib === undefined ? undefined : (Number(kib) * 1024) / MIB;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
