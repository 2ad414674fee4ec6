import { describe, expect, test } from '@jest/globals';
import { Policy, YEAR_MS, type PolicyValues } from '@parley/contracts/policy';

const values: PolicyValues = {
  pause: true,
  pauseReleasesCapacity: true,
  inactivityMs: 604_800_000,
  inactivityWarningsMs: [86_400_000],
  inactivityFrom: ['active', 'paused'],
  supervisorVerb: 'close',
  supervisorFrom: ['active'],
  supervisorReassignFrom: ['active'],
  comment: 'optional',
  categoryToCancel: 'optional',
  categoryToClose: 'optional',
  tagsCreatable: true,
  tickets: false,
  endSession: false,
  sessionEndsBy: [],
  visitorNotice: 'message',
  reduceAfterMs: 0,
  afterCancelled: 'new-conversation',
  survey: 'always',
  surveyPresence: 'authenticated',
  editsAfterClose: ['tags', 'notes'],
  integrationVerbs: ['pause'],
  flowSteps: 0,
};
const policy = { name: 'own', version: 1, ...values };
const accepts = (change: object) => Policy.safeParse({ ...policy, ...change }).success;

test('a policy of right values is one', () => {
  expect(Policy.parse(policy)).toEqual(policy);
});

describe('limits', () => {
  test.each([
    ['inactivityMs', [null, 1000, YEAR_MS], [0, -1, 999, YEAR_MS + 1, 10 * YEAR_MS, 1000.5, '1000', undefined]],
    ['inactivityWarningsMs', [[], [1000, 1000, 1000, 1000, 1000]], [[999], [1000, 1000, 1000, 1000, 1000, 1000], null]],
    ['reduceAfterMs', [0, 60_000], [-1, 60_001]],
    ['flowSteps', [0, 100], [-1, 101]],
    ['version', [1], [0, 1.5]],
    ['supervisorVerb', ['close', 'cancel', null], ['reassign', undefined]],
    ['survey', ['off', 'reachable', 'always', 'by-trigger'], ['sometimes']],
    ['integrationVerbs', [[], ['pause', 'close', 'cancel', 'reassign']], [['message']]],
    ['supervisorFrom', [[], ['pending:icr']], [['pending'], ['closed']]],
  ])('%s', (field, good, bad) => {
    for (const value of good) expect({ value, ok: accepts({ [field]: value }) }).toEqual({ value, ok: true });
    for (const value of bad) expect({ value, ok: accepts({ [field]: value }) }).toEqual({ value, ok: false });
  });

  test('an unknown field is refused', () => {
    expect(Policy.safeParse({ ...policy, vendor: 'x' }).error?.issues[0]?.code).toBe('unrecognized_keys');
  });
});
