import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive, processId, signalOne, signalTree, type ProcessId } from './process-table.ts';
import { Trouble } from './trouble.ts';
import { eventually } from './waiting.ts';

const record = z.object({ name: z.string(), pid: z.number(), startedAt: z.string() });
export type Recorded = z.infer<typeof record>;

const launcher = 'launcher';
const graceMs = 15_000;
const infrastructure = ['temporal', 'kafka', 'postgres'];

/** The processes of one stack, on disk, so that the next start finds what a killed launcher left behind. */
export class Pids {
  readonly #folder: string;

  constructor(profileFolder: string) {
    this.#folder = join(profileFolder, 'pids');
    mkdirSync(this.#folder, { recursive: true });
  }

  note(name: string, id: ProcessId): void {
    writeFileSync(this.#path(name), JSON.stringify({ name, ...id }));
  }

  forget(name: string): void {
    rmSync(this.#path(name), { force: true });
  }

  /** Takes the place of the one launcher of this profile, or says who has it. */
  claim(): void {
    const holder = hold(this.#path(launcher), launcher);
    if (holder) throw new Trouble(`Parley is already up or starting here (pid ${holder.pid}). Ctrl-C there stops it.`);
  }

  release(): void {
    this.forget(launcher);
  }

  launcherAlive(): Recorded | undefined {
    return holderOf(this.#path(launcher));
  }

  /** What an earlier launcher started and could not stop. Records of processes that are gone are removed. */
  leftovers(): Recorded[] {
    const names = readdirSync(this.#folder)
      .map((file) => file.replace(/\.json$/, ''))
      .filter((name) => name !== launcher);
    const alive: Recorded[] = [];
    for (const name of names) {
      const found = read(this.#path(name));
      if (found && isAlive(found)) alive.push(found);
      else this.forget(name);
    }
    return alive;
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}

function read(path: string): Recorded | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function holderOf(path: string): Recorded | undefined {
  const holder = read(path);
  return holder && isAlive(holder) ? holder : undefined;
}

/** Makes this process the one holder of a file; undefined when it is, else the living process that has it. */
export function hold(path: string, name: string): Recorded | undefined {
  const me = processId(process.pid);
  const holder = holderOf(path);
  if (holder || !me) return holder;
  rmSync(path, { force: true });
  try {
    writeFileSync(path, JSON.stringify({ name, ...me }), { flag: 'wx' });
    return undefined;
  } catch {
    return holderOf(path);
  }
}

/** Services first, so that none writes into a part that is going away. */
export async function stopLeftovers(pids: Pids): Promise<Recorded[]> {
  const leftovers = pids.leftovers();
  const isPart = ({ name }: Recorded): boolean => infrastructure.includes(name);
  await endAll(leftovers.filter((each) => !isPart(each)));
  await endAll(leftovers.filter(isPart));
  for (const { name } of leftovers) pids.forget(name);
  return leftovers;
}

export const leftoversLine = (ended: readonly Recorded[]): string =>
  `Stopped what a killed start had left running: ${ended.map(({ name }) => name).join(', ')}`;

async function endAll(processes: readonly Recorded[]): Promise<void> {
  for (const { pid, name } of processes) {
    signalTree(pid, 'SIGCONT');
    // Whoever is left of a build or a download would have no parent to find it by.
    if (infrastructure.includes(name)) signalOne(pid, stopSignalOf(name));
    else signalTree(pid, stopSignalOf(name));
  }
  const areGone = (): boolean => !processes.some(isAlive);
  if (await eventually(areGone, graceMs)) return;
  for (const each of processes.filter(isAlive)) signalTree(each.pid, 'SIGKILL');
  await eventually(areGone, graceMs);
}

/** PostgreSQL waits for its clients on SIGTERM and sends them away on SIGINT. */
export const stopSignalOf = (name: string): NodeJS.Signals => (name === 'postgres' ? 'SIGINT' : 'SIGTERM');
