import { createServer } from 'node:net';
import { ownerOfPort } from './process-table.ts';
import { Trouble } from './trouble.ts';

/** What a profile listens on, as distance from its base port. */
const offsets = {
  gateway: 0,
  inbox: 1,
  admin: 2,
  stats: 3,
  notifications: 4,
  worker: 5,
  console: 6,
  issuer: 7,
  channel: 8,
  control: 9,
  smtp: 25,
  mail: 26,
  temporal: 110,
  temporalUi: 111,
  /** What the worker says of its side of Temporal. */
  temporalMetrics: 112,
  kafka: 120,
  kafkaController: 121,
  postgres: 130,
} as const;

export type PortName = keyof typeof offsets;
export type PortPlan = Readonly<Record<PortName, number>>;

const highestPort = 65_535;

export function portPlan(base: number): PortPlan {
  const last = base + Math.max(...Object.values(offsets));
  if (!Number.isInteger(base) || base < 1024 || last > highestPort) {
    throw new Trouble(`PARLEY_PORT_BASE is no base port: give a whole number from 1024 to ${highestPort - 130}.`);
  }
  const at = (name: PortName): number => base + offsets[name];
  return {
    gateway: at('gateway'),
    inbox: at('inbox'),
    admin: at('admin'),
    stats: at('stats'),
    notifications: at('notifications'),
    worker: at('worker'),
    console: at('console'),
    issuer: at('issuer'),
    channel: at('channel'),
    control: at('control'),
    smtp: at('smtp'),
    mail: at('mail'),
    temporal: at('temporal'),
    temporalUi: at('temporalUi'),
    temporalMetrics: at('temporalMetrics'),
    kafka: at('kafka'),
    kafkaController: at('kafkaController'),
    postgres: at('postgres'),
  };
}

/** A port nobody listens on, chosen by the system. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Ends the start with one line when somebody else listens where we want to. */
export async function demandFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (await isFree(port)) continue;
    const owner = await ownerOfPort(port);
    const by = owner ? `${owner.command} (pid ${owner.pid})` : 'another program';
    throw new Trouble(`Port ${port} is used by ${by}. Stop it, or move Parley: \`PARLEY_PORT_BASE=14000 npm start\`.`);
  }
}
