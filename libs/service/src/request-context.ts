import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Actor, Role } from '@parley/contracts/actor';

/** Who is asking, as the token says; made by @parley/identity. */
export interface Principal {
  tenant: string;
  /** The token's subject; an agent's id. */
  subject: string;
  roles: Role[];
  scopes: string[];
  /** RFC 3339. */
  expiresAt: string;
}

export interface RequestContext {
  traceId: string;
  /** W3C Trace Context, for what this request sets off. */
  traceparent: string;
  principal?: Principal;
  /** The principal as events and the audit name it. */
  actor?: Actor;
  /** What the route's verb is, once the guard knows it. */
  verb?: string;
  /** What its command is called, once it has a name; the audit of a refusal says it. */
  commandId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NOTHING = /^0+$/;

export const inRequestContext = <T>(context: RequestContext, run: () => T): T => storage.run(context, run);

/** Undefined outside a request. */
export const currentContext = (): RequestContext | undefined => storage.getStore();

/** The request being answered; outside one, a context of its own, so that a background job can log a trace too. */
export const requestContext = (): RequestContext => storage.getStore() ?? newContext(undefined);

/** Continues the caller's trace, or begins one. */
export function newContext(traceparent: string | undefined): RequestContext {
  const [, trace = '', , flags = '01'] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const traceId = trace === '' || NOTHING.test(trace) ? randomBytes(16).toString('hex') : trace;
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}` };
}
