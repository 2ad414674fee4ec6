import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { silent, type Note } from './note.ts';
import { obtain } from './parts.ts';
import { loopback, temporalNamespace, type Profile } from './profile.ts';
import { lastLines, onPath, run } from './run.ts';
import type { Program } from './supervised.ts';
import { Trouble } from './trouble.ts';

const version = 'v1.5.1';
const retention = '72h';
const readyWithinMs = 120_000;
const callMs = 3_000;

const waysOut =
  'Put the Temporal CLI (`temporal`) on the PATH, or give a server with TEMPORAL_ADDRESS=host:7233, or install Go 1.24 or newer and have its module proxy reachable.';

/** Puts the binary into a folder and says where; undefined where it cannot be had this way. */
type Download = (folder: string) => Promise<string | undefined>;

/** The Temporal CLI, whose development server keeps its data in a file: from the PATH, from an earlier start, or fetched. */
export async function temporalBinary(
  parts: string,
  fetched: Download = download,
  note: Note = silent,
): Promise<string> {
  const make = async (folder: string): Promise<string> => {
    note('Temporal: downloading its command-line program, once …');
    return (await fetched(folder)) ?? build(folder, note);
  };
  return onPath('temporal') ?? obtain(parts, 'temporal', make);
}

/** The SDK's own download, in a process of its own: seconds where the internet is open, an immediate refusal where it is not. */
async function download(folder: string): Promise<string | undefined> {
  const { code } = await run(process.execPath, [join(import.meta.dirname, 'temporal-download.ts'), folder, version]);
  const file = readdirSync(folder).find((name) => name.startsWith('temporal'));
  return code === 0 && file !== undefined ? join(folder, file) : undefined;
}

async function build(folder: string, note: Note): Promise<string> {
  if (onPath('go') === undefined)
    throw new Trouble(
      `No Temporal: it is not on the PATH, its download is not reachable, and there is no Go to build it. ${waysOut}`,
    );
  note('Temporal: its download is not reachable; building it with Go instead, which takes some minutes, once …');
  const env = { ...process.env, GOBIN: folder };
  const { code, output } = await run('go', ['install', `github.com/temporalio/cli/cmd/temporal@${version}`], {
    cwd: folder,
    env,
  });
  if (code !== 0)
    throw new Trouble(`No Temporal: it could neither be downloaded nor built (${lastLines(output, 1)}). ${waysOut}`);
  return join(folder, 'temporal');
}

export async function temporalServer(profile: Profile, note = silent): Promise<Program> {
  const { ports, folder } = profile;
  const data = join(folder, 'temporal');
  const command = await temporalBinary(profile.parts, download, note);
  mkdirSync(data, { recursive: true });
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--namespace', temporalNamespace];
  args.push('--port', String(ports.temporal), '--ui-port', String(ports.temporalUi));
  args.push(
    '--db-filename',
    join(data, 'temporal.db'),
    '--log-level',
    'warn',
    '--disable-config-file',
    '--disable-config-env',
  );
  // A write-ahead log survives the death of the process at any moment; syncing only guards against a power cut.
  const synchronous = profile.survivesPowerCuts ? 'NORMAL' : 'OFF';
  args.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', `synchronous=${synchronous}`);
  const isReady = async (): Promise<boolean> => {
    await describeNamespace(loopback(ports.temporal));
    return true;
  };
  return { name: 'temporal', command, args, cwd: data, readyWithinMs, isReady };
}

async function describeNamespace(address: string): Promise<void> {
  await withConnection(address, (service) => service.describeNamespace({ namespace: temporalNamespace }));
}

/** How long closed runs stay readable. The development server has no flag for it. */
export async function setRetention(address: string): Promise<void> {
  const config = { workflowExecutionRetentionTtl: msToTs(retention) };
  await withConnection(address, (service) => service.updateNamespace({ namespace: temporalNamespace, config }));
}

/** On a server that was given the namespace may not exist yet. */
export async function demandNamespace(address: string): Promise<void> {
  try {
    await withConnection(address, async (service) => {
      const known = await service.listNamespaces({ pageSize: 1_000 });
      if (known.namespaces.some(({ namespaceInfo }) => namespaceInfo?.name === temporalNamespace)) return;
      await service.registerNamespace({
        namespace: temporalNamespace,
        workflowExecutionRetentionPeriod: msToTs(retention),
      });
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Trouble(
      `TEMPORAL_ADDRESS=${address} does not answer as a Temporal server (${why}). Correct it, or leave it out and Parley starts its own.`,
    );
  }
}

async function withConnection<T>(
  address: string,
  call: (service: Connection['workflowService']) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: callMs });
  try {
    return await connection.withDeadline(Date.now() + callMs, () => call(connection.workflowService));
  } finally {
    await connection.close();
  }
}
