import type { PolicyValues } from '@parley/contracts/policy';
import type { PendingReason } from '@parley/contracts/conversation';
import {
  agentWrote,
  ana,
  assignedTo,
  cancel,
  close,
  done,
  endSession,
  onThirdParty,
  pause,
  policy,
  program,
  requeue,
  returnToQueue,
  visitorWrote,
  waitingFor,
  type Step,
} from './given.js';

/** Every place where a conversation can stand, and how it got there; under a policy that has everything. */
const OPEN: PolicyValues['inactivityFrom'] = [
  ...(['bot', 'pending:in-queue', 'pending:out-of-hours', 'pending:agents-offline'] as const),
  ...(['pending:icr', 'pending:returned', 'assigned', 'active', 'paused'] as const),
];
export const everything = policy({
  pause: true,
  inactivityMs: 3_600_000,
  inactivityFrom: OPEN,
  supervisorFrom: [...OPEN, 'wrap-up'],
  supervisorReassignFrom: [...OPEN, 'wrap-up'],
  endSession: true,
  sessionEndsBy: ['end-user', 'inactivity', 'system'],
  afterCancelled: 'reactivate',
  integrationVerbs: ['pause', 'close', 'cancel', 'reassign'],
});
const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const active: Step[] = [...withAna, agentWrote(ana)];
const waiting = (reason: PendingReason): Step[] => [waitingFor(reason), visitorWrote];

export const SITUATIONS = {
  bot: [policy({ flowSteps: 1 }), visitorWrote],
  'pending:in-queue': waiting('in-queue'),
  'pending:out-of-hours': waiting('out-of-hours'),
  'pending:agents-offline': waiting('agents-offline'),
  'pending:icr': [...waiting('in-queue'), done(requeue('icr'))],
  'pending:returned': [...withAna, done(returnToQueue())],
  assigned: withAna,
  active,
  paused: [...active, done(pause())],
  'wrap-up': [...active, done(endSession())],
  closed: [...active, done(close())],
  cancelled: [...active, done(cancel({ caller: program }))],
} as const satisfies Record<string, readonly Step[]>;

export type Place = keyof typeof SITUATIONS;
export const PLACES = Object.keys(SITUATIONS) as Place[];
export const standing = (place: Place): Step[] => [onThirdParty, everything, ...SITUATIONS[place]];
