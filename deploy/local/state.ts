import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { readOnlyUrl } from './postgres.ts';
import { localUrl, loopback, temporalNamespace, type Profile } from './profile.ts';
import { addressesOf } from './services.ts';

/** `.local/stack.json`: where everything is, for whoever reads it while the stack is up. */
const stackState = z.object({
  profile: z.enum(['dev', 'test']),
  gateway: z.url(),
  inbox: z.url(),
  admin: z.url(),
  stats: z.url(),
  notifications: z.url(),
  worker: z.url(),
  console: z.url(),
  temporalUi: z.url(),
  temporalMetrics: z.url(),
  issuer: z.url(),
  channel: z.url(),
  temporal: z.string(),
  temporalNamespace: z.string(),
  kafka: z.string(),
  database: z.string(),
  mail: z.object({ smtp: z.string(), api: z.url() }),
  control: z.url(),
  logs: z.string(),
  pid: z.number(),
  /** The process whose end stops this stack too; null for one that stays until it is told. */
  until: z.number().nullable(),
});
export type StackState = z.infer<typeof stackState>;

export function stateOf(profile: Profile, secret: string, until: number | null): StackState {
  const { ports } = profile;
  const addresses = addressesOf(profile);
  return {
    profile: profile.name,
    gateway: localUrl(ports.gateway),
    inbox: localUrl(ports.inbox),
    admin: localUrl(ports.admin),
    stats: localUrl(ports.stats),
    notifications: localUrl(ports.notifications),
    worker: localUrl(ports.worker),
    console: localUrl(ports.console),
    temporalUi: localUrl(ports.temporalUi),
    temporalMetrics: `${localUrl(ports.temporalMetrics)}/metrics`,
    issuer: addresses.issuer,
    channel: localUrl(ports.channel),
    temporal: addresses.temporal,
    temporalNamespace,
    kafka: addresses.kafka,
    database: readOnlyUrl({ profile, secret }),
    mail: { smtp: addresses.smtp, api: localUrl(ports.mail) },
    control: `http://${loopback(ports.control)}`,
    logs: `${profile.folder}/logs`,
    pid: process.pid,
    until,
  };
}

/** In one step, so that nobody reads half of it. */
export function writeState(file: string, state: StackState): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function readState(file: string): StackState | undefined {
  try {
    return stackState.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

export const removeState = (file: string): void => rmSync(file, { force: true });
