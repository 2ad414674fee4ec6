import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Settings } from '@parley/contracts/settings';
import { demandReadableHeaders } from './command-request.js';
import type { Health } from './health.js';
import { MAX_HEADER_BYTES } from './http-server.js';
import { readJsonBody } from './json-body.js';
import { patternOf, type Metrics } from './metrics.js';
import type { ProblemFilter } from './problem.filter.js';
import { problem } from './problem.js';
import { inRequestContext, newContext, requestContext } from './request-context.js';
import type { ServiceLog } from './tokens.js';

export interface FrontDoor {
  name: string;
  log: ServiceLog;
  health: Health;
  metrics: Metrics;
  openApi: () => object;
}

const MAX_URL_LENGTH = 8192;
const MAX_HEADERS = 200;

/** Before anything is mounted, for Express reads its routing settings once. */
export function newExpress(settings: Settings): Express {
  const app = express();
  app.disable('x-powered-by');
  // A tag of ours is the conversation's sequence; Express's hash of the body would contradict it.
  app.set('etag', false);
  // `/Admin` and `/admin/` are other addresses: one route, one guard, no variants.
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  // No nesting in queries: `a[__proto__][x]` is a name like any other, and unknown.
  app.set('query parser', 'simple');
  app.set('trust proxy', settings.PARLEY_TRUSTED_PROXIES);
  return app;
}

/** Everything before Nest's routes, in the order of the contract's refusals: 414, 431, 413, 415, 400. */
export function openFrontDoor(app: Express, door: FrontDoor): void {
  app.use(beginContext, door.metrics.observe, securityHeaders());
  operations(app, door);
  app.use(accessLog(door.log), refuseTooMuch, readJsonBody, refuseMalformedHeaders);
}

/** After Nest's routes: whatever is left is no address of ours. */
export function closeBackDoor(app: Express, filter: ProblemFilter): void {
  const refuse = (error: unknown, request: Request, response: Response, _next: NextFunction) =>
    void filter.answer(error, request, response);
  app.use((_request, _response, next) => next(problem(404, 'not-found')));
  app.use(refuse);
}

function beginContext(request: Request, _response: Response, next: NextFunction): void {
  inRequestContext(newContext(request.header('traceparent')), next);
}

/** An API serves no page: nothing may be loaded, framed or sniffed. */
const securityHeaders = () =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });

const accessLog = (log: ServiceLog) => (request: Request, response: Response, next: NextFunction) => {
  const startedAt = performance.now();
  const { traceId } = requestContext();
  response.once('close', () => {
    const ms = Math.round(performance.now() - startedAt);
    // The pattern, not the path: a path may carry a survey's token.
    const fields = { traceId, method: request.method, route: patternOf(request), status: response.statusCode, ms };
    if (response.statusCode >= 500) log.warn(fields, 'request');
    else log.info(fields, 'request');
  });
  next();
};

/** Node counts the bytes of one header, and of many small ones it does not. */
function refuseTooMuch(request: Request, _response: Response, next: NextFunction): void {
  if (request.url.length > MAX_URL_LENGTH) return next(problem(414, 'uri-too-long'));
  const isTooMuch =
    request.rawHeaders.length > 2 * MAX_HEADERS || request.rawHeaders.join('').length > MAX_HEADER_BYTES;
  next(isTooMuch ? problem(431, 'headers-too-large', undefined, { headers: { Connection: 'close' } }) : undefined);
}

function refuseMalformedHeaders(request: Request, _response: Response, next: NextFunction): void {
  demandReadableHeaders(request);
  next();
}

/** Asked every few seconds by machines; not logged as requests, not rate limited, no token. */
function operations(app: Express, { name, health, metrics, openApi }: FrontDoor): void {
  app.get(`/${name}/health/live`, (_request, response) => void response.json({ status: 'ok' }));
  app.get(`/${name}/health/ready`, async (_request, response) => {
    const report = await health.report();
    response.status(report.status === 'unavailable' ? 503 : 200).json(report);
  });
  app.get(`/${name}/metrics`, async (_request, response) => {
    response.setHeader('Content-Type', metrics.registry.contentType);
    response.end(await metrics.registry.metrics());
  });
  app.get(`/${name}/openapi.json`, (_request, response) => void response.json(openApi()));
}
