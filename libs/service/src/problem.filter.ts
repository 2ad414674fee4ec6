import { Catch, HttpException, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { threadOf } from '@parley/contracts/identifiers';
import { ReplayedAnswer } from './idempotency.js';
import { problem, ProblemError, unavailable } from './problem.js';
import type { RefusalAudit } from './refusal-audit.js';
import { requestContext } from './request-context.js';
import type { ServiceLog } from './tokens.js';

export interface ProblemFilterOptions {
  log: ServiceLog;
  /** Whether an error says that a part of ours is away (a database connection refused, …): then it is a 503. */
  isUnavailable: (error: unknown) => boolean;
  /** What Nest found no route for: 404, or 405 with Allow. */
  unknownRoute: (request: Request) => ProblemError;
  audit: RefusalAudit | undefined;
}

/** Whatever was thrown leaves as problem+json; of an unforeseen error the outside learns its traceId and nothing else. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly options: ProblemFilterOptions) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    await this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  /** Also for what Nest never sees: addresses outside the service's prefix. */
  async answer(error: unknown, request: Request, response: Response): Promise<void> {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof ReplayedAnswer) return replay(error, response);
    const refusal = this.problemOf(error, request);
    await this.record(refusal, request);
    if (!response.headersSent) writeProblem(refusal, response);
  }

  private problemOf(error: unknown, request: Request): ProblemError {
    if (error instanceof ProblemError) return error;
    if (this.options.isUnavailable(error)) {
      this.options.log.warn({ err: error }, 'a part is away');
      return unavailable();
    }
    if (error instanceof NotFoundException) return this.options.unknownRoute(request);
    if (error instanceof HttpException) return problemOfStatus(error.getStatus());
    // Express's router could not decode the path (`%ff`), so it names nothing.
    if (error instanceof URIError) return problem(404, 'not-found');
    this.options.log.error({ err: error }, 'unforeseen error');
    return problem(500, 'internal');
  }

  private async record(refusal: ProblemError, request: Request): Promise<void> {
    const { principal, actor, verb, traceId, commandId = null } = requestContext();
    const conversationId = conversationIn(request);
    if (this.options.audit === undefined || principal === undefined) return;
    if (!isAudited(refusal, request, conversationId)) return;
    try {
      await this.options.audit.refused({
        tenant: principal.tenant,
        actor: actor ?? null,
        act: verb ?? request.method,
        conversationId,
        reason: refusal.extras.reasonCode ?? refusal.slug,
        traceId,
        commandId,
      });
    } catch (error) {
      this.options.log.error({ err: error }, 'a refusal could not be written to the audit');
    }
  }
}

function conversationIn({ params }: Request): string | null {
  const named = params['conversationId'] ?? params['id'];
  return typeof named === 'string' && threadOf(named) !== undefined ? named : null;
}

/**
 * Refused commands, every refusal for lack of a right, and whoever asks for a conversation that is not there or another
 * tenant's, also only to read it (reliability.md, cases 42-45); a dry run leaves no trace.
 */
function isAudited(refusal: ProblemError, { query, method }: Request, conversationId: string | null): boolean {
  if (query['dryRun'] === 'true') return false;
  if (refusal.status === 403) return true;
  if (method === 'GET' || method === 'HEAD') return refusal.status === 404 && conversationId !== null;
  return refusal.status === 404 || refusal.extras.reasonCode !== undefined;
}

function replay({ kept }: ReplayedAnswer, response: Response): void {
  response.set(kept.headers).set('Idempotent-Replayed', 'true').status(kept.status);
  response.type(kept.status < 400 ? 'application/json' : 'application/problem+json');
  response.send(Buffer.from(JSON.stringify(kept.body)));
}

export function writeProblem(refusal: ProblemError, response: Response): void {
  const { retryAfterS, headers } = refusal.extras;
  if (retryAfterS !== undefined) response.setHeader('Retry-After', String(retryAfterS));
  if (headers !== undefined) response.set(headers);
  // A Buffer, for Express would append a charset to the media type of a string.
  response.status(refusal.status).setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(refusal.toBody(requestContext().traceId)));
}

/** What Nest itself throws; its messages name classes and paths, so they stay inside. */
function problemOfStatus(status: number): ProblemError {
  switch (status) {
    case 400:
      return problem(400, 'malformed');
    case 401:
      return problem(401, 'unauthenticated');
    case 403:
      return problem(403, 'forbidden-role');
    case 408:
      return problem(408, 'timeout');
    case 413:
      return problem(413, 'too-large');
    case 503:
      return unavailable();
    default:
      return problem(500, 'internal');
  }
}
