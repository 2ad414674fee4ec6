import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { Settings } from '@parley/contracts/settings';
import type { Shutdown } from './shutdown.js';

interface Stoppable {
  app: INestApplication;
  server: Server;
  shutdown: Shutdown;
  settings: Settings;
}

/** For load balancers to see the 503 of readiness before the door closes. */
const DRAIN_MS = 5000;
const IN_FLIGHT_MS = 8000;
const LOOK_MS = 50;

/** Readiness 503, door closed, streams ended, requests answered, then consumers, workers, producers, database. */
export async function stopService({ app, server, shutdown, settings }: Stoppable): Promise<void> {
  shutdown.announce();
  await sleep(settings.PARLEY_DRAIN_MS ?? (settings.NODE_ENV === 'production' ? DRAIN_MS : 0));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await shutdown.runStage('streams');
  await answerInFlight(server, closed);
  await shutdown.runStage('consumers');
  await shutdown.runStage('workers');
  await shutdown.runStage('producers');
  await shutdown.runStage('database');
  await app.close();
}

/** A kept-alive connection becomes idle after its answer and would hold the server open. */
async function answerInFlight(server: Server, closed: Promise<void>): Promise<void> {
  const looking = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), IN_FLIGHT_MS);
  await closed;
  clearInterval(looking);
  clearTimeout(deadline);
}
