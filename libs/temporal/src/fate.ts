import {
  isGrpcServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { QueryNotRegisteredError, QueryRejectedError } from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { UNTRACED_ANSWER } from '@parley/contracts/protocol';

/**
 * What a failed call means for its caller. `again`: nothing happened, or the same updateId makes a repeat harmless.
 * `sent`: it may have reached the workflow. `away`: the server itself may be going, so patience is short.
 */
export type Fate =
  | { kind: 'not-found' }
  | { kind: 'unavailable'; why: string }
  | { kind: 'unknown-outcome'; why: string }
  | { kind: 'again'; why: string; sent: boolean; away?: true };

/** gRPC status codes (google.rpc.Code); the SDK's own `@grpc/grpc-js` is no dependency of ours. */
const CODE = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
};

/** The call never left: no connection, or the channel still looked for one when the deadline came. */
const NEVER_SENT = /No connection established|Name resolution failed|Waiting for LB pick/;
const WORKFLOW_TASK_FAILED = /unexpected workflow task failure/i;
/** The server gave the Update up before a worker had accepted it. */
const UPDATE_LOST = /update .* not found|workflow update was aborted|update was aborted/i;

export function fateOf(error: unknown): Fate {
  if (error instanceof WorkflowNotFoundError) {
    return UPDATE_LOST.test(error.message) ? again(error.message, true) : { kind: 'not-found' };
  }
  if (error instanceof QueryRejectedError) return { kind: 'not-found' };
  if (error instanceof NamespaceNotFoundError) return unavailable(`namespace not found: ${error.namespace}`);
  if (error instanceof QueryNotRegisteredError) return unavailable(error.message);
  if (error instanceof WorkflowUpdateFailedError) return fateOfFailedUpdate(error);
  const grpc = grpcErrorIn(error);
  if (grpc) return fateOfStatus(grpc.code, grpc.details);
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return unknown(error.message);
  throw error;
}

/** Refused before acceptance (a worker that does not know the Update), or the run ended under it. */
function fateOfFailedUpdate(error: WorkflowUpdateFailedError): Fate {
  const why = error.cause?.message ?? error.message;
  return /completed before the Update completed/i.test(why) ? unknown(why) : unavailable(why);
}

/** `hold`, `busy`: an answer that the server must not keep under its updateId (contracts/protocol). */
export function untracedAnswerIn<A>(error: unknown): { answer: A } | undefined {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  const [answer] = cause instanceof ApplicationFailure && cause.type === UNTRACED_ANSWER ? (cause.details ?? []) : [];
  return isAnswer<A>(answer) ? { answer } : undefined;
}

const isAnswer = <A>(value: unknown): value is A => typeof value === 'object' && value !== null && 'kind' in value;

function fateOfStatus(code: number, details: string): Fate {
  switch (code) {
    case CODE.notFound:
      return UPDATE_LOST.test(details) ? again(details, true) : { kind: 'not-found' };
    case CODE.cancelled:
    case CODE.deadlineExceeded:
      return NEVER_SENT.test(details) ? unavailable(details) : unknown(details);
    case CODE.unavailable:
      if (NEVER_SENT.test(details)) return unavailable(details);
      return UPDATE_LOST.test(details) ? again(details, true) : { ...again(details, true), away: true };
    // BUSY_WORKFLOW (workflow is closing), CONCURRENT_LIMIT, rate limits: refused before anything happened.
    case CODE.resourceExhausted:
      return again(details, false);
    case CODE.aborted:
      return again(details, true);
    case CODE.failedPrecondition:
      // Any other is a limit, or WorkflowNotReady: the run's task keeps failing after a bad deploy. Nothing happened.
      return WORKFLOW_TASK_FAILED.test(details) ? again(details, true) : unavailable(details);
    case CODE.invalidArgument:
    case CODE.permissionDenied:
    case CODE.unimplemented:
    case CODE.unauthenticated:
      return unavailable(details);
    default:
      return unknown(`${code}: ${details}`);
  }
}

function grpcErrorIn(error: unknown): { code: number; details: string } | undefined {
  if (isGrpcServiceError(error)) return { code: error.code, details: error.details };
  return error instanceof Error && error.cause !== undefined ? grpcErrorIn(error.cause) : undefined;
}

const again = (why: string, sent: boolean): Extract<Fate, { kind: 'again' }> => ({ kind: 'again', why, sent });
const unavailable = (why: string): Fate => ({ kind: 'unavailable', why });
const unknown = (why: string): Fate => ({ kind: 'unknown-outcome', why });
