import 'reflect-metadata';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { Module, type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Settings } from '@parley/contracts/settings';
import { AnswerInterceptor } from './answer.interceptor.js';
import { closeBackDoor, newExpress, openFrontDoor } from './front-door.js';
import { Health } from './health.js';
import { createHttpServer } from './http-server.js';
import { createLog, nestLogger } from './log.js';
import { Metrics } from './metrics.js';
import { openApiOf } from './open-api.js';
import { ProblemFilter } from './problem.filter.js';
import { RateLimit, RateLimitGuard } from './rate-limit.js';
import { RefusalAudit } from './refusal-audit.js';
import { routeTable } from './route-table.js';
import { ServiceModule } from './service.module.js';
import { readSettings } from './settings.js';
import { Shutdown } from './shutdown.js';
import { stopService } from './stop-service.js';
import type { ServiceLog, ServiceName } from './tokens.js';
import { unknownRouteOf } from './unknown-route.js';

export interface ServiceDefinition {
  name: ServiceName;
  /** The root module, made once the settings are known. Imports IdentityModule, may provide IdempotencyPort and RefusalAudit. */
  module: (settings: Settings, log: ServiceLog) => Type | DynamicModule | Promise<Type | DynamicModule>;
  /** Whether an error says that a part is away (persistence knows its own): 503 instead of 500. */
  isUnavailable?: (error: unknown) => boolean;
}

export interface RunningService {
  app: INestApplication;
  port: number;
  /** Ends in the order of reliability.md, section 6; resolves when all of it is over. */
  stop(): Promise<void>;
}

/**
 * How long a connection to one address of a name may take before the next address is tried. Node's 250 ms are less than a
 * busy event loop takes to notice that it is connected: then every address fails (nodejs/node#54359).
 */
const CONNECT_MS = 2_000;

@Module({})
class RootModule {}

/** Makes the service and listens; for tests, and for {@link runService}. `PORT` 0 takes a free one. */
export async function startService(
  definition: ServiceDefinition,
  settings: Settings,
  log: ServiceLog = createLog(definition.name, settings.LOG_LEVEL),
): Promise<RunningService> {
  const { name } = definition;
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_MS);
  const imports = [ServiceModule.of(name, settings, log), await definition.module(settings, log)];
  const instance = newExpress(settings);
  const app = await NestFactory.create({ module: RootModule, imports }, new ExpressAdapter(instance), {
    logger: nestLogger(log),
    bodyParser: false,
    abortOnError: false,
  });
  app.setGlobalPrefix(`${name}/v1`);
  const table = routeTable(app.get(ModulesContainer), `${name}/v1`);
  const openApi = openApiOf(name, table);
  const shutdown = app.get(Shutdown);
  openFrontDoor(instance, {
    name,
    log,
    health: app.get(Health),
    metrics: app.get(Metrics),
    openApi: () => openApi,
  });
  app.useGlobalGuards(new RateLimitGuard(new RateLimit(settings.PARLEY_RATE_LIMIT)));
  app.useGlobalInterceptors(new AnswerInterceptor());
  const filter = new ProblemFilter({
    log,
    isUnavailable: definition.isUnavailable ?? (() => false),
    unknownRoute: unknownRouteOf(table),
    audit: refusalAuditOf(app),
  });
  app.useGlobalFilters(filter);
  await app.init();
  closeBackDoor(instance, filter);
  const server = createHttpServer(instance);
  server.listen(settings.PORT);
  await once(server, 'listening');
  const port = portOf(server);
  log.info({ port }, `${name} listens`);
  return { app, port, stop: () => stopService({ app, server, shutdown, settings }) };
}

/** The whole life of a service's process: settings or a list of their faults, signals, the hard stop. */
export async function runService(definition: ServiceDefinition): Promise<void> {
  const reading = readSettings(process.env);
  if (!reading.ok) {
    for (const fault of reading.faults) console.error(`${definition.name}: ${fault}`);
    process.exit(1);
  }
  const log = createLog(definition.name, reading.settings.LOG_LEVEL);
  const die = (why: string) => (error: unknown) => {
    log.fatal({ err: error }, why);
    process.exit(1);
  };
  process.once('unhandledRejection', die('unhandled rejection'));
  process.once('uncaughtException', die('uncaught exception'));
  const service = await startService(definition, reading.settings, log).catch(die('cannot start'));
  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping');
    setTimeout(die('not stopped in time'), HARD_STOP_MS).unref();
    service.stop().then(() => process.exit(0), die('stopping failed'));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** Below Kubernetes' grace of 30 s. */
const HARD_STOP_MS = 25_000;

/** Looked up by hand: Nest logs an error for what it does not find. */
function refusalAuditOf(app: INestApplication): RefusalAudit | undefined {
  for (const module of app.get(ModulesContainer).values()) {
    const instance: unknown = module.providers.get(RefusalAudit)?.instance;
    if (isRefusalAudit(instance)) return instance;
  }
  return undefined;
}
const isRefusalAudit = (value: unknown): value is RefusalAudit =>
  typeof value === 'object' && value !== null && 'refused' in value && typeof value.refused === 'function';

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
