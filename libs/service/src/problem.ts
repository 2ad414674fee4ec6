import type { Refusal } from '@parley/contracts/command';
import {
  PROBLEM_OF_REASON,
  PROBLEMS,
  type FieldFault,
  type Problem,
  type ProblemSlug,
} from '@parley/contracts/problem';
import type { ReasonCode } from '@parley/contracts/reason';

export interface ProblemExtras {
  reasonCode?: ReasonCode;
  currentSequence?: number;
  nextConversationId?: string | null;
  commandId?: string;
  errors?: FieldFault[];
  /** Seconds; answered as Retry-After. */
  retryAfterS?: number;
  headers?: Record<string, string>;
}

/** A refusal on its way to the problem filter; carries nothing that may not be told. */
export class ProblemError extends Error {
  readonly status: number;

  constructor(
    readonly slug: ProblemSlug,
    readonly detail: string | undefined,
    readonly extras: ProblemExtras,
  ) {
    super(detail ?? PROBLEMS[slug].title);
    this.status = PROBLEMS[slug].status;
  }

  toBody(traceId: string): Problem {
    const { status, title, retryable } = PROBLEMS[this.slug];
    const { reasonCode, currentSequence, nextConversationId, commandId, errors } = this.extras;
    return {
      type: `/problems/${this.slug}`,
      title,
      status,
      detail: this.detail ?? null,
      reasonCode: reasonCode ?? null,
      currentSequence: currentSequence ?? null,
      nextConversationId: nextConversationId ?? null,
      commandId: commandId ?? null,
      traceId,
      errors: errors ?? [],
      retryable,
    };
  }
}

type StatusOf<S extends ProblemSlug> = (typeof PROBLEMS)[S]['status'];

/** `throw problem(404, 'not-found')`; the compiler checks the status against the catalogue. */
export const problem = <S extends ProblemSlug>(
  _status: StatusOf<S>,
  slug: S,
  detail?: string,
  extras: ProblemExtras = {},
): ProblemError => new ProblemError(slug, detail, extras);

/** A refusal of the domain, with its reason code. */
export const refusalProblem = (refusal: Refusal, detail?: string): ProblemError =>
  new ProblemError(PROBLEM_OF_REASON[refusal.reason], detail, {
    reasonCode: refusal.reason,
    currentSequence: refusal.currentSequence,
    nextConversationId: refusal.nextConversationId,
  });

/** Before any conversation is known: `FORBIDDEN_ROLE`, `FORBIDDEN_SCOPE`, `ERASED` … */
export const reasonProblem = (reasonCode: ReasonCode, detail?: string): ProblemError =>
  new ProblemError(PROBLEM_OF_REASON[reasonCode], detail, { reasonCode });

export const unavailable = (detail?: string, retryAfterS = 1): ProblemError =>
  problem(503, 'unavailable', detail, { retryAfterS });
