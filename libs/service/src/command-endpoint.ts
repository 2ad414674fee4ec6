import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { CommandAnswer } from '@parley/contracts/conversation';
import { answerOrProblem, type CommandOutcome } from './command-outcome.js';
import { etagOf, type CommandRequest } from './command-request.js';
import {
  commandIdOf,
  IdempotencyPort,
  ReplayedAnswer,
  type IdempotentRequest,
  type KeptAnswer,
} from './idempotency.js';
import { problem, ProblemError } from './problem.js';
import { requestContext } from './request-context.js';
import { validationProblem } from './shape.js';
import { SERVICE_LOG, SERVICE_NAME, type ServiceLog } from './tokens.js';

interface AnyRun {
  request: CommandRequest;
  tenant: string;
  caller: Pick<Caller, 'kind' | 'id'>;
  /** Throws 404, 403 FORBIDDEN_SCOPE or 410; comes before a replay (contract.md, the order of refusals). */
  reach?: () => Promise<void>;
}

export interface CommandRun extends AnyRun {
  /** What it would do: `decisionState` and `decide`. */
  rehearse: () => Promise<CommandOutcome>;
  perform: (commandId: string) => Promise<CommandOutcome>;
}

export interface KeyedRun<T> extends AnyRun {
  /** What `perform` would give, with nothing written. Left out where the route takes no dry run. */
  rehearse?: () => Promise<T>;
  /** Gives the body of the 2xx, or throws a problem. */
  perform: (commandId: string) => Promise<T>;
}

/** The one way of every command route: key, replay, dry run, answer, effects in words. */
@Injectable()
export class CommandEndpoint {
  constructor(
    @Inject(SERVICE_NAME) private readonly service: string,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    @Optional() @Inject(IdempotencyPort) private readonly idempotency?: IdempotencyPort,
  ) {}

  async run(run: CommandRun): Promise<CommandAnswer> {
    const { request } = run;
    const id = commandIdOf(this.service, requestOf(run));
    return this.keyed({
      ...run,
      rehearse: async () => answered(await run.rehearse(), request, id),
      perform: async () => answered(await run.perform(id), request, id),
    });
  }

  /** The same key, the same answer: for what is no conversation's command (configuration, bulk, erasure …). */
  async keyed<T>(run: KeyedRun<T>): Promise<T> {
    const named = requestOf(run);
    const commandId = commandIdOf(this.service, named);
    requestContext().commandId = commandId;
    await run.reach?.();
    if (run.request.dryRun) return rehearsed(run);
    const owner = await this.claim(named);
    try {
      const body = await run.perform(commandId);
      await this.settle(named, owner, { status: run.request.successStatus, body, headers: run.request.headers });
      return body;
    } catch (error) {
      await this.settle(named, owner, keptRefusal(error));
      throw error;
    }
  }

  /** The claim's owner; undefined where the service keeps no answers. */
  private async claim(named: IdempotentRequest): Promise<string | undefined> {
    const claim = await this.idempotency?.claim(named);
    switch (claim?.kind) {
      case undefined:
        return undefined;
      case 'claimed':
        return claim.owner;
      case 'replay':
        throw new ReplayedAnswer(claim.answer);
      case 'other-request':
        throw problem(422, 'idempotency-mismatch');
      case 'in-flight':
        throw problem(409, 'in-progress', undefined, { retryAfterS: Math.ceil(claim.retryAfterMs / 1000) });
    }
  }

  /** The command is decided by now: that its record cannot be written must not change the answer. */
  private async settle(named: IdempotentRequest, owner: string | undefined, answer: KeptAnswer): Promise<void> {
    if (owner === undefined) return;
    try {
      await this.idempotency?.finish(named, owner, answer);
    } catch (error) {
      this.log.error({ err: error }, 'an idempotency record could not be written');
    }
  }
}

function rehearsed<T>({ rehearse }: KeyedRun<T>): Promise<T> {
  if (rehearse === undefined) throw validationProblem([{ pointer: '/query/dryRun', detail: 'is not offered here' }]);
  return rehearse();
}

function answered(outcome: CommandOutcome, request: CommandRequest, commandId: string): CommandAnswer {
  const answer = answerOrProblem(outcome, { language: request.language, commandId, dryRun: request.dryRun });
  if (answer instanceof ProblemError) throw answer;
  request.setHeader('ETag', etagOf(answer.conversation.sequence));
  return answer;
}

const requestOf = ({ tenant, caller, request }: AnyRun): IdempotentRequest => ({
  tenant,
  caller: `${caller.kind}:${caller.id}`,
  key: request.key,
  fingerprint: request.fingerprint,
});

/** Of an unforeseen error nothing is kept. */
const keptRefusal = (error: unknown): KeptAnswer =>
  error instanceof ProblemError
    ? { status: error.status, body: error.toBody(requestContext().traceId), headers: {} }
    : { status: 500, body: null, headers: {} };
