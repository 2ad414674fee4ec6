import type { Actor } from '@parley/contracts/actor';
import type { CommandOf } from '@parley/contracts/command';
import type { CloseKind } from '@parley/contracts/conversation';
import type { Conversation } from '@parley/contracts/state';
import { attributionsOf } from './attribution.js';
import { isEnded, isIn } from './conversation.js';
import type { Faults } from './decision.js';
import { actorOf } from './draft.js';
import type { Qualification } from './qualification.js';

/** What the two ends, `closed` and `cancelled`, have in common. */

export interface End {
  closeKind: CloseKind;
  closedBy: Actor;
  at: string;
  /** Of a natural close: the instant it should have come at. */
  deadlineAt?: string;
  commentId?: string | undefined;
}

/** The closing event: figures and attributions are frozen here. */
export const endDraft = <T extends 'conversation.closed' | 'conversation.cancelled'>(
  type: T,
  state: Conversation,
  end: End,
  { tags, category, subcategory }: Qualification,
) => ({
  type,
  statusTo: type === 'conversation.closed' ? ('closed' as const) : ('cancelled' as const),
  reason: end.closeKind,
  closeKind: end.closeKind,
  deadlineAt: end.deadlineAt ?? null,
  ...attributionsOf(state, end.closedBy),
  category,
  subcategory,
  commentId: end.commentId ?? null,
  tags,
  startedAt: state.startedAt,
  firstResponseAt: state.firstResponseAt,
  closedAt: end.at,
  messageCounts: state.messageCounts,
});

type Ending = CommandOf<'close'> | CommandOf<'cancel'>;

/** An end by command: of what kind (A8: a program's is no supervisor's), and whose. */
export const endBy = (command: Ending, at: string): End => ({
  closeKind: closeKindOf(command),
  closedBy: actorOf(command.caller),
  at,
  commentId: command.commentId,
});

function closeKindOf({ caller, bulk }: Ending): CloseKind {
  if (bulk === true) return 'bulk';
  if (caller.kind === 'agent') return 'agent';
  return caller.kind === 'supervisor' ? 'supervisor' : 'api';
}

/** A1, D4: does the policy give this verb to who asks? A machine has what policy grants to machines. */
export const isGranted = ({ policy }: Conversation, { type, caller }: Ending): boolean =>
  caller.kind === 'integration' ? policy.integrationVerbs.includes(type) : policy.supervisorVerb === type;

/** A4, D5: the situations of the policy's own verb; another that only machines have is held back by none. */
export const isFromHere = (state: Conversation, { type }: Ending): boolean =>
  state.policy.supervisorVerb === type ? isIn(state, state.policy.supervisorFrom) : !isEnded(state);

/** A5: a comment at a supervisor's end is off, optional or required. */
export function commentFaults({ policy }: Conversation, { caller, commentId }: Ending): Faults {
  const isSupervisor = caller.kind === 'supervisor';
  return {
    FEATURE_DISABLED: policy.comment === 'off' && commentId !== undefined,
    COMMENT_REQUIRED: isSupervisor && policy.comment === 'required' && commentId === undefined,
  };
}
