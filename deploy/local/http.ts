import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';

const largestBodyBytes = 1024 * 1024;

/** The services' own limits (libs/service/src/http-server.ts). They are about a request on its way, not about an answer: a stream may last. */
export const wireLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Above a balancer's usual 60 s: whoever closes an idle connection first must not be us.
  keepAliveTimeout: 65_000,
  // Node looks for late ones only so often; by default every 30 s.
  connectionsCheckingInterval: 1_000,
} as const;

/** Something of ours that listens in the launcher's own process. */
export interface Listening {
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** Bound to the loopback address: a development stack is nobody else's business. */
export function listen(
  name: string,
  port: number,
  listener: RequestListener,
  limits: ServerOptions = wireLimits,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = createServer(limits, listener);
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve({ name, close: () => closeNow(server) }));
  });
}

/** Streams stay open for ever, so nobody waits for them. */
function closeNow(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part: unknown = chunk;
    if (!(part instanceof Uint8Array)) throw new TypeError('The body of a request comes in bytes.');
    bytes += part.byteLength;
    if (bytes > largestBodyBytes) throw new RangeError(`A body of more than ${largestBodyBytes} bytes is refused.`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined where the body is no JSON. */
export async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const text = await bodyOf(request);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(value));
}

export function answerHtml(response: ServerResponse, html: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** Routes by "METHOD /path"; a handler that throws answers 500 with the reason, for the caller is a developer. */
export function routes(handlers: Readonly<Record<string, Handler>>): RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const handler = handlers[`${request.method ?? 'GET'} ${url.pathname}`];
    if (!handler) return answerJson(response, 404, { error: 'not-found', known: Object.keys(handlers) });
    Promise.resolve(handler(request, response, url)).catch((error: unknown) => {
      if (!response.headersSent)
        answerJson(response, 500, { error: error instanceof Error ? error.message : String(error) });
    });
  };
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
