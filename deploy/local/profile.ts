import { join } from 'node:path';
import { portPlan, type PortPlan } from './ports.ts';

export type ProfileName = 'dev' | 'test';

/** Everything in which one local stack differs from another that runs beside it. */
export interface Profile {
  readonly name: ProfileName;
  readonly ports: PortPlan;
  /** What all profiles share: `.local`, or PARLEY_LOCAL. */
  readonly local: string;
  /** Where this stack keeps its data, keys, pids and logs. */
  readonly folder: string;
  /** What others read to find the stack; there only while it is up. */
  readonly stateFile: string;
  /** Whether what was written must survive a power cut. The tests' data need not, so a busy disk holds nobody up. */
  readonly survivesPowerCuts: boolean;
  /** Downloaded binaries, the same for every profile. */
  readonly parts: string;
  readonly root: string;
  /** Parts that somebody gave, to be used instead of our own. */
  readonly given: Given;
}

export interface Given {
  readonly temporal: string | undefined;
  readonly kafka: string | undefined;
  readonly database: string | undefined;
  readonly issuer: string | undefined;
  readonly smtp: string | undefined;
}

const basePorts: Record<ProfileName, number> = { dev: 4000, test: 5000 };

export const root = join(import.meta.dirname, '..', '..');
export const temporalNamespace = 'parley';

const nonEmpty = (value: string | undefined): string | undefined =>
  value === undefined || value === '' ? undefined : value;

export function profileOf(name: ProfileName, env: NodeJS.ProcessEnv = process.env): Profile {
  const base = nonEmpty(env['PARLEY_PORT_BASE']);
  const local = nonEmpty(env['PARLEY_LOCAL']) ?? join(root, '.local');
  return {
    name,
    root,
    local,
    ports: portPlan(base === undefined ? basePorts[name] : Number(base)),
    folder: join(local, name),
    stateFile: name === 'dev' ? join(local, 'stack.json') : join(local, name, 'stack.json'),
    survivesPowerCuts: name === 'dev',
    parts: join(local, 'parts'),
    given: {
      temporal: nonEmpty(env['TEMPORAL_ADDRESS']),
      kafka: nonEmpty(env['KAFKA_BROKERS']),
      database: nonEmpty(env['DATABASE_URL']),
      issuer: nonEmpty(env['OIDC_ISSUER']),
      smtp: nonEmpty(env['SMTP_URL']),
    },
  };
}

export const localUrl = (port: number): string => `http://localhost:${port}`;
export const loopback = (port: number): string => `127.0.0.1:${port}`;
