import { z } from 'zod';
import { ReasonCode } from './reason.js';

/** One kind of refusal, as its page `/problems/<slug>` tells it. `retryable`: the same request may succeed later, unchanged. */
export interface ProblemKind {
  status: number;
  title: string;
  meaning: string;
  causes: readonly string[];
  whatToDo: string;
  retryable: boolean;
}

/** The status keeps its literal type, so that the compiler can check who names both. */
const kind = <const S extends number>(
  status: S,
  title: string,
  rest: Omit<ProblemKind, 'status' | 'title' | 'retryable'> & { retryable?: true },
) => ({ status, title, retryable: false, ...rest });

/** Every refusal there is; the key is the slug. A refusal of the domain has its reason code's name in kebab case. */
export const PROBLEMS = {
  malformed: kind(400, 'The request cannot be read', {
    meaning: 'The body, a header or a cursor is not what its format says.',
    causes: [
      'The body is no JSON, is not UTF-8, names a key twice or is nested deeper than 32.',
      'The cursor was altered, or belongs to another list, filter or sorting.',
      'Idempotency-Key or If-Match has a form that is not allowed.',
    ],
    whatToDo: 'Correct the request; sent again unchanged it fails again.',
  }),
  unauthenticated: kind(401, 'No valid access token', {
    meaning: 'We do not know who is asking.',
    causes: ['The Authorization header is missing, or holds no token of our issuer.', 'It expired or was revoked.'],
    whatToDo: 'Obtain a new access token and send it in the Authorization header, never in the URL.',
  }),
  'forbidden-role': kind(403, 'This role may not do that', {
    meaning: 'The token is valid, but none of its roles or scopes has this verb.',
    causes: ['An agent used a supervisor’s route.', 'An integration lacks the scope of this verb.'],
    whatToDo: 'Ask an administrator for the role or the scope.',
  }),
  'forbidden-scope': kind(403, 'Out of your scope', {
    meaning: 'The role has this verb, but not for this conversation.',
    causes: ['It belongs to a campaign or team that is not yours.', 'You are not the agent it is assigned to.'],
    whatToDo: 'Ask somebody whose scope covers it.',
  }),
  'not-found': kind(404, 'There is no such thing', {
    meaning: 'Nothing has this address, or it belongs to another tenant.',
    causes: ['A wrong id or path.', 'It was deleted.'],
    whatToDo: 'Check the id.',
  }),
  'method-not-allowed': kind(405, 'Another method is needed here', {
    meaning: 'The address exists, but not with this method; the Allow header names those it has.',
    causes: ['POST where only PUT exists, or the like.'],
    whatToDo: 'Use one of the allowed methods.',
  }),
  'not-acceptable': kind(406, 'Not in the form you accept', {
    meaning: 'The Accept header excludes everything this address can answer.',
    causes: ['Accept names another media type.'],
    whatToDo: 'Accept application/json, or what the OpenAPI document names for this address.',
  }),
  timeout: kind(408, 'The request came too slowly', {
    meaning: 'The headers or the body did not arrive in time.',
    causes: ['A slow or broken connection.'],
    whatToDo: 'Send it again.',
    retryable: true,
  }),
  'in-progress': kind(409, 'The same request is still running', {
    meaning: 'A request with this Idempotency-Key has not been answered yet.',
    causes: ['A repeat arrived before the first was done.'],
    whatToDo: 'Ask again after Retry-After with the same key.',
    retryable: true,
  }),
  conflict: kind(409, 'It contradicts what there is', {
    meaning: 'The change does not fit the present state.',
    causes: ['The id is taken.', 'It is still used elsewhere.'],
    whatToDo: 'Read the present state and decide anew.',
  }),
  'stale-target': kind(409, 'This conversation has a successor', {
    meaning: 'It ended, and the customer is in another conversation by now. Nothing was done to either.',
    causes: ['The page was old.', 'The customer wrote again in the meantime.'],
    whatToDo: 'Look at the newer conversation (nextConversationId) and decide about that one.',
  }),
  'feature-disabled': kind(409, 'Policy does not have this', {
    meaning: 'The policy of this conversation lacks the command.',
    causes: ['The campaign runs under a preset without it.'],
    whatToDo: 'Use a command from availableCommands, or change the policy for future conversations.',
  }),
  'not-eligible-state': kind(409, 'Not in this state', {
    meaning: 'The conversation is not in a state from which this is allowed.',
    causes: ['Somebody was faster.', 'It has ended.'],
    whatToDo: 'Read the conversation again.',
  }),
  'target-unavailable': kind(409, 'The agent cannot take it', {
    meaning: 'The target is offline, unknown or outside the group.',
    causes: ['The agent went offline.', 'The agent does not serve this group.'],
    whatToDo: 'Choose another agent.',
  }),
  'capacity-full': kind(409, 'The agent has no room', {
    meaning: 'The target holds as many conversations as allowed.',
    causes: ['All places are taken.'],
    whatToDo: 'Choose another agent, or raise the limit.',
  }),
  erased: kind(410, 'Erased', {
    meaning: 'The contact was erased for good; what remains holds no person.',
    causes: ['An erasure was approved.'],
    whatToDo: 'Nothing: this cannot be undone.',
  }),
  'stale-version': kind(412, 'Something happened in between', {
    meaning: 'The conversation is not at the sequence or message count that you named.',
    causes: ['If-Match, ifMessageCount or the version is older than the present state.'],
    whatToDo: 'Read again, look at what changed, decide anew.',
  }),
  'too-large': kind(413, 'Too large', {
    meaning: 'The body is larger than 64 KiB.',
    causes: ['Too much in one request.'],
    whatToDo: 'Send less at once.',
  }),
  'uri-too-long': kind(414, 'The address is too long', {
    meaning: 'The path and query are longer than 8 KiB.',
    causes: ['Too many or too long parameters.'],
    whatToDo: 'Send less at once.',
  }),
  'media-type': kind(415, 'Not this kind of body', {
    meaning: 'Bodies are application/json in UTF-8, not compressed.',
    causes: ['Content-Type is missing or names something else.', 'Content-Encoding is used.'],
    whatToDo: 'Send plain application/json.',
  }),
  validation: kind(422, 'A field is wrong', {
    meaning: 'The body, query or path does not have the shape that is documented; `errors` points at each fault.',
    causes: ['A field is missing, unknown or of another type.', 'A value is outside its limits.'],
    whatToDo: 'Correct the fields that `errors` names.',
  }),
  'idempotency-mismatch': kind(422, 'This key belongs to another request', {
    meaning: 'The Idempotency-Key was used within 24 h with another method, path or body.',
    causes: ['A key was reused.'],
    whatToDo: 'Use a new key for a new request.',
  }),
  'category-required': kind(422, 'A category is needed', {
    meaning: 'Policy asks for a category.',
    causes: ['No category was sent.'],
    whatToDo: 'Send one of the tenant’s categories.',
  }),
  'subcategory-mismatch': kind(422, 'This sub-category belongs elsewhere', {
    meaning: 'The sub-category is not one of that category, or there is none of that name.',
    causes: ['Two choices that do not fit.'],
    whatToDo: 'Choose a sub-category of the category.',
  }),
  'comment-required': kind(422, 'A comment is needed', {
    meaning: 'Policy asks a supervisor for a comment.',
    causes: ['No comment was sent.'],
    whatToDo: 'Say why.',
  }),
  'precondition-required': kind(428, 'Say which version you mean', {
    meaning: 'This change needs If-Match.',
    causes: ['If-Match is missing.'],
    whatToDo: 'Send the ETag that you read.',
  }),
  'rate-limited': kind(429, 'Too many requests', {
    meaning: 'You ask faster, or hold more streams open, than is allowed.',
    causes: ['A loop without a pause.', 'More than 20 live streams.'],
    whatToDo: 'Wait for Retry-After, then go on more slowly.',
    retryable: true,
  }),
  'headers-too-large': kind(431, 'The headers are too large', {
    meaning: 'All headers together are larger than 16 KiB.',
    causes: ['A token or cookie out of bounds.'],
    whatToDo: 'Send fewer or shorter headers.',
  }),
  internal: kind(500, 'A fault of ours', {
    meaning:
      'Something we did not foresee; nothing about it is told here, all of it stands in our log under the traceId.',
    causes: ['A bug.'],
    whatToDo: 'Report the traceId.',
  }),
  unavailable: kind(503, 'Not just now', {
    meaning: 'A part that this needs is away or behind. Nothing was done.',
    causes: ['Temporal or the database does not answer.', 'The service is stopping.', 'A list is still catching up.'],
    whatToDo: 'Ask again after Retry-After, with the same Idempotency-Key.',
    retryable: true,
  }),
  'outcome-unknown': kind(504, 'Sent, but not answered', {
    meaning: 'The command went out and nobody answered in time: it may or may not have happened.',
    causes: ['Temporal or its worker was interrupted.'],
    whatToDo: 'Ask again with the same Idempotency-Key: it is done at most once, and you get its outcome.',
    retryable: true,
  }),
} satisfies Record<string, ProblemKind>;

export type ProblemSlug = keyof typeof PROBLEMS;

/** The problem of each refusal that the domain knows. */
export const PROBLEM_OF_REASON = {
  FORBIDDEN_ROLE: 'forbidden-role',
  FORBIDDEN_SCOPE: 'forbidden-scope',
  ERASED: 'erased',
  STALE_TARGET: 'stale-target',
  STALE_VERSION: 'stale-version',
  FEATURE_DISABLED: 'feature-disabled',
  NOT_ELIGIBLE_STATE: 'not-eligible-state',
  CATEGORY_REQUIRED: 'category-required',
  SUBCATEGORY_MISMATCH: 'subcategory-mismatch',
  COMMENT_REQUIRED: 'comment-required',
  TARGET_UNAVAILABLE: 'target-unavailable',
  CAPACITY_FULL: 'capacity-full',
} as const satisfies Record<ReasonCode, ProblemSlug>;

/** One field's fault; the pointer (RFC 6901) is into the body, or `/query/…`, `/path/…`, `/headers/…`. */
export const FieldFault = z.strictObject({ pointer: z.string(), detail: z.string() });
export type FieldFault = z.infer<typeof FieldFault>;

/** RFC 9457, `application/problem+json`. */
export const Problem = z.looseObject({
  type: z.string().regex(/^\/problems\/[a-z-]+$/),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().nullable(),
  reasonCode: ReasonCode.nullable(),
  /** The conversation's sequence at the moment of the refusal. */
  currentSequence: z.int().min(0).nullable(),
  /** With `stale-target`: the conversation that the customer is in now. */
  nextConversationId: z.string().nullable(),
  /** With `outcome-unknown`: names the command in the audit and in the log of events. */
  commandId: z.string().nullable(),
  traceId: z.string(),
  errors: z.array(FieldFault),
  retryable: z.boolean(),
});
export type Problem = z.infer<typeof Problem>;
