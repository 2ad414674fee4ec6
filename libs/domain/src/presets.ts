import type { PolicyValues, PresetName, Situation } from '@parley/contracts/policy';

/** Where the three products disagree (mission.md, "policy, not code"), as data; nothing else in the code knows their names. */

const DAY_MS = 24 * 60 * 60 * 1000;

const PENDING: Situation[] = [
  'pending:in-queue',
  'pending:out-of-hours',
  'pending:agents-offline',
  'pending:icr',
  'pending:returned',
];
const WITH_AGENT: Situation[] = ['assigned', 'active', 'paused'];
const OPEN: Situation[] = ['bot', ...PENDING, ...WITH_AGENT];
const NOT_ENDED: Situation[] = [...OPEN, 'wrap-up'];
/** D5: Assigned, In progress, Out of hours, Agents disconnected, ICR. */
const D5: Situation[] = ['assigned', 'active', 'pending:out-of-hours', 'pending:agents-offline', 'pending:icr'];

const onsite: PolicyValues = {
  pause: false,
  pauseReleasesCapacity: true,
  inactivityMs: null,
  inactivityWarningsMs: [],
  inactivityFrom: [],
  supervisorVerb: 'close',
  supervisorFrom: NOT_ENDED,
  supervisorReassignFrom: [...PENDING, ...WITH_AGENT],
  comment: 'optional',
  categoryToCancel: 'optional',
  categoryToClose: 'optional',
  tagsCreatable: true,
  tickets: false,
  endSession: false,
  sessionEndsBy: [],
  visitorNotice: 'message-and-reduce',
  reduceAfterMs: 5000,
  afterCancelled: 'new-conversation',
  survey: 'reachable',
  surveyPresence: 'authenticated',
  editsAfterClose: ['tags', 'notes'],
  integrationVerbs: ['close', 'reassign'],
  flowSteps: 0,
};

export const presets: Record<PresetName, PolicyValues> = {
  'iadvize-onsite': onsite,
  'iadvize-social': {
    ...onsite,
    pause: true,
    inactivityMs: 7 * DAY_MS,
    inactivityFrom: OPEN,
    visitorNotice: 'message',
    reduceAfterMs: 0,
    survey: 'always',
    integrationVerbs: ['pause', 'close', 'reassign'],
  },
  'sellia-campaign': {
    ...onsite,
    supervisorVerb: 'cancel',
    supervisorFrom: D5,
    supervisorReassignFrom: D5,
    categoryToCancel: 'required',
    tagsCreatable: false,
    visitorNotice: 'none',
    reduceAfterMs: 0,
    afterCancelled: 'reactivate',
    survey: 'off',
    integrationVerbs: ['cancel', 'reassign'],
  },
  'zendesk-messaging': {
    ...onsite,
    supervisorVerb: null,
    supervisorFrom: [],
    comment: 'off',
    tagsCreatable: false,
    tickets: true,
    // E1: off until an administrator turns it on.
    endSession: false,
    sessionEndsBy: ['end-user', 'inactivity', 'system'],
    visitorNotice: 'none',
    reduceAfterMs: 0,
    survey: 'by-trigger',
  },
};
