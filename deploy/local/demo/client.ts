import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** An answer of the public API: status, headers and the parsed body. */
export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

export class Refused extends Error {
  readonly answer: Answer;
  constructor(what: string, answer: Answer) {
    super(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
    this.answer = answer;
  }
}

const TRY_AGAIN = new Set([409, 429, 503, 504]);
const ATTEMPTS = 40;

/**
 * The public API as one account. A command carries one Idempotency-Key through all its attempts, so asking again is
 * harmless; what the server says to try again (429, 503, 504, a key in flight) is tried again after its Retry-After.
 */
export class Client {
  readonly #gateway: string;
  readonly #token: () => Promise<string>;
  constructor(gateway: string, token: () => Promise<string>) {
    this.#gateway = gateway;
    this.#token = token;
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.#gateway), {
      method,
      headers: {
        authorization: `Bearer ${await this.#token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : parsed(text) };
  }

  /** @throws Refused with the last answer when it is no success */
  async ask(method: string, path: string, body?: unknown, attempts = ATTEMPTS): Promise<unknown> {
    const key = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.send(method, path, body, { 'idempotency-key': key }).catch(unreachable);
      if (answer.status < 400) return answer.body;
      const again = TRY_AGAIN.has(answer.status) && (answer.status !== 409 || answer.headers.has('retry-after'));
      if (!again || attempt === attempts) throw new Refused(`${method} ${path}`, answer);
      await wait(1000 * Number(answer.headers.get('retry-after') ?? 1));
    }
  }

  get = (path: string): Promise<unknown> => this.ask('GET', path);
  put = (path: string, body: unknown): Promise<unknown> => this.ask('PUT', path, body);
  post = (path: string, body: unknown): Promise<unknown> => this.ask('POST', path, body);
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const unreachable = (error: unknown): Answer => ({
  status: 503,
  headers: new Headers({ 'retry-after': '1' }),
  body: { detail: error instanceof Error ? error.message : String(error) },
});

/** A field of an answer by its path, or undefined: the demo trusts no shape that it did not look at. */
export function field(value: unknown, ...path: string[]): unknown {
  let at: unknown = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.entries(at).find(([key]) => key === name)?.[1];
  }
  return at;
}

/** The text at a path. @throws Error naming the path when there is none */
export function textAt(value: unknown, ...path: string[]): string {
  const found = field(value, ...path);
  if (typeof found === 'string') return found;
  throw new Error(`no ${path.join('.')} in ${JSON.stringify(value)}`);
}
