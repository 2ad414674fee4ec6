import { accessSync, constants, mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { demandFree, type PortName } from './ports.ts';
import type { Profile } from './profile.ts';
import { Trouble } from './trouble.ts';

const gib = 1024 ** 3;
const leastDiskBytes = 2 * gib;
const leastMemoryBytes = 3 * gib;

const inGib = (bytes: number): string => `${(bytes / gib).toFixed(1)} GiB`;

/** What a start needs of the machine. */
export interface Machine {
  readonly freeDiskBytes: number;
  readonly freeMemoryBytes: number;
}

/** Looks at the machine before anything is started, and says in one line what would go wrong later in fifty. */
export async function examine(profile: Profile): Promise<void> {
  const { bavail, bsize } = await statfs(profile.local);
  demandRoom({ freeDiskBytes: bavail * bsize, freeMemoryBytes: process.availableMemory() });
  await demandFree(portsNeeded(profile));
}

/** Before anything else, for even who runs here is a file. */
export function demandWritable({ local, folder }: Profile): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Trouble(
      `Parley keeps its data in ${local}, which cannot be written. Make it yours: \`sudo chown -R $(id -un) ${local}\`, or name another folder with PARLEY_LOCAL.`,
    );
  }
}

export function demandRoom({ freeDiskBytes, freeMemoryBytes }: Machine): void {
  if (freeDiskBytes < leastDiskBytes)
    throw new Trouble(
      `${inGib(freeDiskBytes)} of disk are free, ${inGib(leastDiskBytes)} needed for the parts and their data. \`npm run reset\` forgets old data, PARLEY_LOCAL=/elsewhere keeps it on another disk.`,
    );
  if (freeMemoryBytes < leastMemoryBytes)
    throw new Trouble(
      `${inGib(freeMemoryBytes)} of memory are free, ${inGib(leastMemoryBytes)} needed. Close something, or give a part from elsewhere (KAFKA_BROKERS, TEMPORAL_ADDRESS, DATABASE_URL).`,
    );
}

function portsNeeded({ ports, given }: Profile): number[] {
  const needed: PortName[] = [
    'gateway',
    'inbox',
    'admin',
    'stats',
    'notifications',
    'worker',
    'console',
    'channel',
    'control',
    'temporalMetrics',
  ];
  if (given.issuer === undefined) needed.push('issuer');
  if (given.smtp === undefined) needed.push('smtp', 'mail');
  if (given.temporal === undefined) needed.push('temporal', 'temporalUi');
  if (given.kafka === undefined) needed.push('kafka', 'kafkaController');
  if (given.database === undefined) needed.push('postgres');
  return needed.map((name) => ports[name]);
}
