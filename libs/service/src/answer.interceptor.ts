import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { tap, throwError, timeout, type Observable } from 'rxjs';
import { etagOf } from './command-request.js';
import { problem, unavailable } from './problem.js';
import { requestContext } from './request-context.js';
import { routeOf, type RouteDefinition } from './route.js';

export const EVENT_STREAM = 'text/event-stream';
/** No request hangs past 10 s (contract.md). */
const ANSWER_WITHIN_MS = 9000;

/** Around every handler: 406, the last deadline, ETag of a conversation or of what has a version. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const definition = routeOf(context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (definition !== undefined) assertAcceptable(definition, request);
    const response = http.getResponse<Response>();
    response.setHeader('Cache-Control', 'no-store');
    if (definition?.produces?.includes(EVENT_STREAM)) return next.handle();
    return next.handle().pipe(
      timeout({ each: ANSWER_WITHIN_MS, with: () => throwError(() => tooLate(request)) }),
      tap((body: unknown) => tag(body, response)),
    );
  }
}

/** A read can simply be repeated; whether a change happened nobody knows. */
const tooLate = ({ method }: Request) =>
  method === 'GET' || method === 'HEAD'
    ? unavailable('It took too long.')
    : problem(504, 'outcome-unknown', undefined, named());

const named = (): { commandId?: string } => {
  const { commandId } = requestContext();
  return commandId === undefined ? {} : { commandId };
};

function assertAcceptable({ produces = ['application/json'] }: RouteDefinition, request: Request): void {
  if (request.headers.accept === undefined || request.accepts([...produces]) !== false) return;
  throw problem(406, 'not-acceptable', `Here are ${produces.join(', ')}.`);
}

/** For If-Match: a conversation, alone or in a command's answer, has its sequence, configuration its version. */
function tag(body: unknown, response: Response): void {
  if (!isRecord(body) || response.headersSent) return;
  const { conversation, version } = body;
  const tagged = sequenceOf(body) ?? sequenceOf(conversation) ?? version;
  if (typeof tagged === 'number') response.setHeader('ETag', etagOf(tagged));
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function sequenceOf(value: unknown): number | undefined {
  if (!isRecord(value) || typeof value['conversationId'] !== 'string') return undefined;
  return typeof value['sequence'] === 'number' ? value['sequence'] : undefined;
}
