import type { Command } from '@parley/contracts/command';
import type { ReasonCode } from '@parley/contracts/reason';
import type { Conversation } from '@parley/contracts/state';
import { mayCall, reaches, verbOf } from './access.js';
import { countOfMessages, isEnded } from './conversation.js';
import type { FirstRecord, Ruling } from './decision.js';

/** contract.md, *A refusal*: what is checked, in this order; the first that holds is the answer. */
export const ORDER_OF_CHECKS = [
  'FORBIDDEN_ROLE',
  'FORBIDDEN_SCOPE',
  'ERASED',
  'already-closed',
  'STALE_TARGET',
  'STALE_VERSION',
  'FEATURE_DISABLED',
  'NOT_ELIGIBLE_STATE',
  'CATEGORY_REQUIRED',
  'SUBCATEGORY_MISMATCH',
  'COMMENT_REQUIRED',
  'TARGET_UNAVAILABLE',
  'CAPACITY_FULL',
] as const satisfies readonly (ReasonCode | 'already-closed')[];

export type Check = (typeof ORDER_OF_CHECKS)[number];

/** The first check that stands against the command, of those that hold for every command and those of its rule. */
export function firstAgainst(state: Conversation, command: Command, ruling: Ruling): Check | undefined {
  const common = commonChecks(state, command);
  const own: Partial<Record<Check, boolean>> = {
    ...ruling.refusedIf,
    NOT_ELIGIBLE_STATE: ruling.then === 'not-eligible',
  };
  return ORDER_OF_CHECKS.find((check) => common[check] === true || own[check] === true);
}

function commonChecks(state: Conversation, command: Command): Partial<Record<Check, boolean>> {
  const { caller, ifSequence, ifMessageCount, episode = state.episode } = command;
  const verb = verbOf(command);
  return {
    FORBIDDEN_ROLE: !mayCall([caller.role], caller.scopes, verb),
    FORBIDDEN_SCOPE: !reaches(caller, verb, state),
    ERASED: state.erased,
    'already-closed': firstRecordFor(state, command) !== null,
    STALE_TARGET: episode !== state.episode || isPassedBy(state, command),
    STALE_VERSION:
      (ifSequence !== undefined && ifSequence !== state.sequence) ||
      (ifMessageCount !== undefined && ifMessageCount !== countOfMessages(state)),
  };
}

/** What a repeated close or cancel is answered with: how the episode that it means ended, whoever ended it. */
export function firstRecordFor(state: Conversation, command: Command): FirstRecord | null {
  if (command.type !== 'close' && command.type !== 'cancel') return null;
  const { episode = state.episode } = command;
  const found = state.closings.find((record) => record.episode === episode);
  return found === undefined ? null : { sequence: found.sequence, status: found.status, closing: found.closing };
}

/** It ended and the customer has the next one: only what amends still means this one. */
const isPassedBy = (state: Conversation, { type }: Command): boolean =>
  isEnded(state) && state.nextConversationId !== null && !AMENDMENTS.includes(type);

const AMENDMENTS: readonly Command['type'][] = [
  'qualify',
  'addNote',
  'trackTransaction',
  'answerSurvey',
  'rate',
  'erase',
];
