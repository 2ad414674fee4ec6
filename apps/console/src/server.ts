import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerAt, nothingHere, type Site } from './answer.js';

/** Nothing may run, load or be framed but our own style sheet (ASVS 3.4.3). */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
};
/** Schemas are read by programs on other origins; nothing else is. */
const SCHEMA_HEADERS = { 'access-control-allow-origin': '*' };

const HEADERS_MS = 10_000;
const REQUEST_MS = 10_000;

/** As it came: nothing we serve needs decoding, so nothing decodes to what we do not serve. */
const pathOf = (url: string): string => url.split('?', 1)[0] ?? '/';

function respond(site: Site, request: IncomingMessage, response: ServerResponse): void {
  const path = pathOf(request.url ?? '/');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...HEADERS, allow: 'GET, HEAD' }).end();
    return;
  }
  const { status, type, body } = answerAt(path, site) ?? nothingHere();
  const extra = path.startsWith('/schemas/') ? SCHEMA_HEADERS : {};
  response.writeHead(status, { ...HEADERS, ...extra, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The static server for everything that is no service's: `/`, `/problems/*`, `/schemas/*`. */
export function consoleServer(site: Site): Server {
  const limits = { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, maxHeaderSize: 16 * 1024 };
  return createServer(limits, (request, response) => respond(site, request, response));
}
