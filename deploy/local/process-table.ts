import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * A process that cannot be mistaken for a later one with the same pid: `startedAt` is the kernel's start time
 * (and the boot it counts from), compared as it is, never computed with.
 */
export interface ProcessId {
  readonly pid: number;
  readonly startedAt: string;
}

interface Row {
  readonly parent: number;
  readonly state: string;
  readonly startTicks: string;
}

/** One line of /proc/<pid>/stat. The command stands in parentheses and may itself hold spaces and parentheses. */
export function readStat(line: string): Row | undefined {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  const startTicks = fields[19];
  if (state === undefined || parent === undefined || startTicks === undefined) return undefined;
  return { state, parent: Number(parent), startTicks };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function rowOf(pid: number): Row | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : readStat(stat);
}

const boot = textOf('/proc/sys/kernel/random/boot_id')?.trim();

/** Undefined when there is no such process, or only what is left of one that ended. */
export function processId(pid: number): ProcessId | undefined {
  if (boot === undefined) return processIdByPs(pid);
  const row = rowOf(pid);
  if (row === undefined || row.state === 'Z') return undefined;
  return { pid, startedAt: `${boot}:${row.startTicks}` };
}

/** macOS has no /proc. */
function processIdByPs(pid: number): ProcessId | undefined {
  try {
    const startedAt = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return startedAt === '' ? undefined : { pid, startedAt };
  } catch {
    return undefined;
  }
}

export function isAlive(id: ProcessId): boolean {
  return processId(id.pid)?.startedAt === id.startedAt;
}

const pids = (): number[] => {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
};

/** A process and all that it started, parents before children. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const each of pids()) {
    const parent = rowOf(each)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), each]);
  }
  const tree = [pid];
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  return tree;
}

/** Signals a process and all that it started; one that ended meanwhile is no error. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const each of treeOf(pid)) signalOne(each, signal);
}

export function signalOne(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Who listens on a local TCP port, as far as /proc lets us see. */
export async function ownerOfPort(port: number): Promise<{ pid: number; command: string } | undefined> {
  const inodes = new Set([...listeningInodes('/proc/net/tcp', port), ...listeningInodes('/proc/net/tcp6', port)]);
  if (inodes.size === 0) return undefined;
  const pid = pids().find((each) => socketsOf(each).some((inode) => inodes.has(inode)));
  if (pid === undefined) return undefined;
  // A thread may have renamed the process; what was typed says more.
  const [typed = ''] = textOf(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
  return { pid, command: basename(typed) || 'a program' };
}

function listeningInodes(table: string, port: number): string[] {
  const listening = '0A';
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (textOf(table) ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local, , state, , , , , , inode]) =>
    local?.endsWith(suffix) && state === listening && inode !== undefined ? [inode] : [],
  );
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => socketOf(`/proc/${pid}/fd/${fd}`) ?? []);
  } catch {
    return [];
  }
}

function socketOf(fd: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(fd))?.[1];
  } catch {
    return undefined;
  }
}
