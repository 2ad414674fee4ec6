import { readdirSync, readFileSync } from 'node:fs';
import { at, field } from '../end-to-end/stack.ts';

const TICK_MS = 10;
const PAGE_BYTES = 4096;

export interface Usage {
  cpuMs: number;
  rssMiB: number;
}

function statOf(pid: number): { parent: number; cpuMs: number; rssMiB: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const [parent, user, system, rss] = [fields[1], fields[11], fields[12], fields[21]].map(Number);
    return {
      parent: parent ?? 0,
      cpuMs: ((user ?? 0) + (system ?? 0)) * TICK_MS,
      rssMiB: ((rss ?? 0) * PAGE_BYTES) / 2 ** 20,
    };
  } catch {
    return undefined;
  }
}

/** Processor time so far and resident memory of each process of the stack, its children included. Linux only. */
export async function usages(): Promise<Map<string, Usage>> {
  const answer: unknown = await (await fetch(`${at('control')}/parts`)).json();
  const items = field(answer, 'items');
  const stats = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = statOf(Number(name));
        return stat === undefined ? [] : [[Number(name), stat] as const];
      }),
  );
  const named = (Array.isArray(items) ? items : []).flatMap((item): [string, number][] => {
    const pid = Number(field(item, 'pid'));
    return pid > 0 ? [[String(field(item, 'name')), pid]] : [];
  });
  const launcher = Number(field(answer, 'launcher') ?? 0);
  return new Map(
    named
      .filter(([, pid]) => pid !== launcher)
      .map(([name, pid]) => {
        const family = [...stats].filter(([each, stat]) => each === pid || stat.parent === pid).map(([, stat]) => stat);
        const sum = (pick: (usage: Usage) => number): number => family.reduce((total, usage) => total + pick(usage), 0);
        return [name, { cpuMs: sum(({ cpuMs }) => cpuMs), rssMiB: sum(({ rssMiB }) => rssMiB) }];
      }),
  );
}

/** Milliseconds of processor each process spent while `work` ran. */
export async function spentDuring(work: () => Promise<void>): Promise<Map<string, number>> {
  const before = await usages();
  await work();
  const after = await usages();
  return new Map([...after].map(([name, { cpuMs }]) => [name, cpuMs - (before.get(name)?.cpuMs ?? 0)]));
}
