import { describe, expect, test } from '@jest/globals';
import { Policy, PresetName, type PolicyValues } from '@parley/contracts/policy';
import { presets } from '../src/presets.js';

const of = <K extends keyof PolicyValues>(key: K) =>
  Object.fromEntries(PresetName.options.map((name) => [name, presets[name][key]]));
/** A row of mission.md's table: on-site, social, Sellia, Zendesk. */
const row = (...[onsite, social, sellia, zendesk]: [unknown, unknown, unknown, unknown]) => ({
  'iadvize-onsite': onsite,
  'iadvize-social': social,
  'sellia-campaign': sellia,
  'zendesk-messaging': zendesk,
});
const D5 = ['assigned', 'active', 'pending:out-of-hours', 'pending:agents-offline', 'pending:icr'];
const OPEN = [
  'bot',
  'pending:in-queue',
  'pending:out-of-hours',
  'pending:agents-offline',
  'pending:icr',
  'pending:returned',
  'assigned',
  'active',
  'paused',
];
const DAY_MS = 86_400_000;

describe('where they disagree', () => {
  test.each(PresetName.options)('%s is a policy', (name) => {
    expect(Policy.parse({ name, version: 1, ...presets[name] })).toMatchObject(presets[name]);
  });
  test('B10: pause', () => expect(of('pause')).toEqual(row(false, true, false, false)));
  test('B12: inactivity', () => {
    expect(of('inactivityMs')).toEqual(row(null, 7 * DAY_MS, null, null));
    expect(of('inactivityFrom')).toEqual(row([], OPEN, [], []));
  });
  test('A1, D4: supervisor verb', () => expect(of('supervisorVerb')).toEqual(row('close', 'close', 'cancel', null)));
  test('A4, D5: and states', () =>
    expect(of('supervisorFrom')).toEqual(row([...OPEN, 'wrap-up'], [...OPEN, 'wrap-up'], D5, [])));
  test('D5: reassigning is allowed in every preset, in Sellia’s only from these five', () => {
    const all = OPEN.filter((situation) => situation !== 'bot');
    expect(of('supervisorReassignFrom')).toEqual(row(all, all, D5, all));
  });
  test('B2, E11: visitor notice', () => {
    expect(of('visitorNotice')).toEqual(row('message-and-reduce', 'message', 'none', 'none'));
    expect(of('reduceAfterMs')).toEqual(row(5000, 0, 0, 0));
  });
  test('B11, D8, E10: visitor writes again', () => {
    expect(of('afterCancelled')).toEqual(row('new-conversation', 'new-conversation', 'reactivate', 'new-conversation'));
  });
  test('A9, E7: survey', () => {
    expect(of('survey')).toEqual(row('reachable', 'always', 'off', 'by-trigger'));
    expect(of('surveyPresence')).toEqual(row('authenticated', 'authenticated', 'authenticated', 'authenticated'));
  });
  test('B4: optional tags, creatable', () => expect(of('tagsCreatable')).toEqual(row(true, true, false, false)));
  test('D6: category', () => {
    expect(of('categoryToCancel')).toEqual(row('optional', 'optional', 'required', 'optional'));
    expect(of('categoryToClose')).toEqual(row('optional', 'optional', 'optional', 'optional'));
  });
  test('B9: edits after the close', () => {
    const both = ['tags', 'notes'];
    expect(of('editsAfterClose')).toEqual(row(both, both, both, both));
  });
  test('E1: ending a session is off until an administrator turns it on', () => {
    expect(of('endSession')).toEqual(row(false, false, false, false));
    expect(of('tickets')).toEqual(row(false, false, false, true));
  });
  test('what programs may by API and by signal', () => {
    expect(of('integrationVerbs')).toEqual(
      row(['close', 'reassign'], ['pause', 'close', 'reassign'], ['cancel', 'reassign'], ['close', 'reassign']),
    );
  });
});
