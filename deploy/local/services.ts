import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { localUrl, loopback, temporalNamespace, type Profile } from './profile.ts';
import { databaseUrl } from './postgres.ts';
import type { Program } from './supervised.ts';
import { audience } from './tokens.ts';
import { answers200, isWell } from './waiting.ts';

export const serviceNames = ['worker', 'inbox', 'admin', 'stats', 'notifications', 'console'] as const;
export type ServiceName = (typeof serviceNames)[number];

const readyWithinMs = 120_000;

/** Megabytes of JavaScript heap: small enough to notice a leak on a laptop, large enough for the benchmark. */
const heapMb: Readonly<Record<ServiceName, number>> = {
  worker: 512,
  inbox: 384,
  admin: 384,
  stats: 384,
  notifications: 256,
  console: 128,
};

/** What was kept and cannot be placed stays so, however ready all else is: a message whose campaign is gone. */
const asideAtStart = ['dispatcher'];

/** Usable, not only listening: the worker polls, consumers have joined. The console has nothing but its pages. */
const readiness =
  (service: ServiceName, port: number): Program['isReady'] =>
  () => {
    const origin = `http://${loopback(port)}`;
    return service === 'console' ? answers200(`${origin}/`) : isWell(`${origin}/${service}/health/ready`, asideAtStart);
  };

/**
 * Short enough for a test to see a conversation leave its run; the defaults of production elsewhere. A hand-over may take
 * as long as a call may: with less, a busy machine refuses what it could have done, and the repeats keep it busy (seen).
 */
const testDelays = { PARLEY_LINGER_MS: '10000', PARLEY_HANDED_MS: '5000' };

export interface Addresses {
  readonly temporal: string;
  readonly kafka: string;
  readonly issuer: string;
  readonly smtp: string;
}

export function addressesOf({ ports, given }: Profile): Addresses {
  return {
    temporal: given.temporal ?? loopback(ports.temporal),
    kafka: given.kafka ?? loopback(ports.kafka),
    issuer: given.issuer ?? localUrl(ports.issuer),
    smtp: given.smtp ?? `smtp://${loopback(ports.smtp)}`,
  };
}

const mainOf = (profile: Profile, service: ServiceName): string =>
  join(profile.root, 'apps', service, 'dist', 'main.js');
export const isBuilt = (profile: Profile, service: ServiceName): boolean => existsSync(mainOf(profile, service));

/** Services named in PARLEY_SERVICES (comma-separated), or all of them. */
export function wantedServices(env: NodeJS.ProcessEnv = process.env): readonly ServiceName[] {
  const only = env['PARLEY_SERVICES']?.split(',').map((name) => name.trim());
  return only === undefined ? serviceNames : serviceNames.filter((name) => only.includes(name));
}

export interface Instance {
  readonly service: ServiceName;
  /** `inbox`, or `inbox-2` for one more of them. */
  readonly name: string;
  readonly port: number;
  readonly metricsPort?: number;
}

export function serviceProgram(
  profile: Profile,
  secret: string,
  { service, name, port, metricsPort }: Instance,
): Program {
  return {
    name,
    command: process.execPath,
    args: [`--max-old-space-size=${heapMb[service]}`, '--enable-source-maps', mainOf(profile, service)],
    cwd: profile.root,
    env: {
      ...environment(profile, secret),
      PORT: String(port),
      ...(metricsPort === undefined ? {} : { TEMPORAL_METRICS_PORT: String(metricsPort) }),
    },
    readyWithinMs,
    isReady: readiness(service, port),
  };
}

/** npm's own variables say nothing to a service, and there are a hundred of them. */
const inherited = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));

function environment(profile: Profile, secret: string): NodeJS.ProcessEnv {
  const addresses = addressesOf(profile);
  return {
    ...inherited(),
    ...(profile.name === 'test' ? testDelays : {}),
    NODE_ENV: 'development',
    PUBLIC_URL: localUrl(profile.ports.gateway),
    TEMPORAL_ADDRESS: addresses.temporal,
    TEMPORAL_NAMESPACE: temporalNamespace,
    KAFKA_BROKERS: addresses.kafka,
    DATABASE_URL: databaseUrl({ profile, secret }),
    OIDC_ISSUER: addresses.issuer,
    OIDC_AUDIENCE: audience,
    SMTP_URL: addresses.smtp,
    PARLEY_SECRET: secret,
    PARLEY_SEED: 'demo',
    // Links on the console's first page, as far as the parts are ours.
    ...(profile.given.temporal === undefined ? { TEMPORAL_UI_URL: localUrl(profile.ports.temporalUi) } : {}),
    ...(profile.given.smtp === undefined ? { MAIL_URL: localUrl(profile.ports.mail) } : {}),
    PARLEY_SEED_DELIVERY_URL: `http://${loopback(profile.ports.channel)}/deliveries`,
  };
}
