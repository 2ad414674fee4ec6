import { createParamDecorator, HttpCode, RequestMapping, RequestMethod } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { z } from 'zod';
import type { ProblemSlug } from '@parley/contracts/problem';
import { bodyOf } from './json-body.js';
import { problem } from './problem.js';
import { addressFault, shaped, validationProblem } from './shape.js';

const METHODS = {
  GET: RequestMethod.GET,
  POST: RequestMethod.POST,
  PUT: RequestMethod.PUT,
  PATCH: RequestMethod.PATCH,
  DELETE: RequestMethod.DELETE,
} as const;
export type Method = keyof typeof METHODS;

/** A route, told once: Nest's mapping, validation, 404/405/406 and the OpenAPI document all derive from it. */
export interface RouteDefinition<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
> {
  method: Method;
  /** Relative to the controller's path; parameters as `:name`. */
  path: string;
  summary: string;
  description?: string;
  /** Left out: none is allowed. */
  params?: P;
  query?: Q;
  body?: B;
  /** The JSON of the answer. */
  answer?: z.ZodType;
  /** Default 200. */
  status?: number;
  /** Default application/json; a live stream has text/event-stream. */
  produces?: readonly string[];
  /** Takes Idempotency-Key, If-Match, dryRun; `without-dry-run` the first two. */
  command?: true | 'without-dry-run';
  errors?: readonly ProblemSlug[];
}

type Part<S> = S extends z.ZodType ? z.output<S> : Record<string, never>;
/** What {@link Input} gives a handler. */
export type InputOf<R> =
  R extends RouteDefinition<infer P, infer Q, infer B> ? { params: Part<P>; query: Part<Q>; body: Part<B> } : never;

/** Keeps the schemas' types; a route is a constant beside its controller. */
export const route = <
  P extends z.ZodType = z.ZodObject<Record<never, never>>,
  Q extends z.ZodType = z.ZodObject<Record<never, never>>,
  B extends z.ZodType = z.ZodObject<Record<never, never>>,
>(
  definition: RouteDefinition<P, Q, B>,
): RouteDefinition<P, Q, B> => definition;

const definitions = new WeakMap<object, RouteDefinition>();

export const Route =
  (definition: RouteDefinition): MethodDecorator =>
  (target, key, descriptor) => {
    if (typeof descriptor.value === 'function') definitions.set(descriptor.value, definition);
    RequestMapping({ method: METHODS[definition.method], path: definition.path })(target, key, descriptor);
    HttpCode(definition.status ?? 200)(target, key, descriptor);
  };

export const routeOf = (handler: object): RouteDefinition | undefined => definitions.get(handler);

/** Path, query and body of the request, each as its schema says; anything else is 422 with pointers (404 for the path). */
export const Input = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const definition = routeOf(context.getHandler());
  if (definition === undefined) throw new Error(`${context.getHandler().name} has no @Route`);
  return readInput(definition, context.switchToHttp().getRequest<Request>());
});

const NOTHING = z.strictObject({});

export function readInput(definition: RouteDefinition, request: Request) {
  const body = bodyOf(request);
  if (body.forbiddenKey !== undefined) {
    throw validationProblem([{ pointer: body.forbiddenKey, detail: 'is not known here' }]);
  }
  const query = shaped(queryOf(definition), { ...request.query }, '/query');
  const content = shaped(definition.body ?? NOTHING, body.isEmpty ? {} : body.value, '');
  // What cannot be an id names nothing: 404, as for any other unknown one, and after the 422 of the rest.
  const params = (definition.params ?? NOTHING).safeParse({ ...request.params });
  const isName = Object.values(request.params)
    .flat()
    .every((name) => addressFault(name) === undefined);
  if (!params.success || !isName) throw problem(404, 'not-found');
  return { params: params.data, query, body: content };
}

/** `dryRun` is every command's that has one, beside what the route says. */
function queryOf(definition: RouteDefinition): z.ZodType {
  const query = definition.query ?? NOTHING;
  return definition.command === true && query instanceof z.ZodObject
    ? query.extend({ dryRun: DryRun.optional() })
    : query;
}

export const DryRun = z.enum(['true', 'false']);
