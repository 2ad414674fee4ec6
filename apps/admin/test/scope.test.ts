import { describe, expect, test } from '@jest/globals';
import { Role, type Caller } from '@parley/contracts/actor';
import { reaches, type Verb } from '@parley/domain/access';
import { onceWithinScope, scopeOf, withinScope } from '../src/live-activity/scope.js';
import { supervisor } from './lived.js';

describe('what a list shows is what the rules reach (A3, D2)', () => {
  const verbs: Verb[] = ['live-activity', 'explain', 'audit.read', 'configuration.write', 'capacity.set'];
  const scopes = [
    [],
    ['tenant'],
    ['team:support'],
    ['team:support', 'team:experts'],
    ['campaign:site'],
    ['campaign:experts', 'read:events'],
  ];
  const places = [
    { campaign: 'site', group: 'support' },
    { campaign: 'experts', group: 'experts' },
    { campaign: 'site', group: 'experts' },
  ];
  const isWithin = (caller: Caller, verb: Verb, place: { campaign: string; group: string }): boolean => {
    const { id, groupId, campaign } = withinScope(scopeOf(caller, verb));
    return (
      id === undefined &&
      (groupId?.$in.includes(place.group) ?? true) &&
      (campaign?.$in.includes(place.campaign) ?? true)
    );
  };

  test.each(Role.options)('%s', (role) => {
    const isSupervisor = [
      'manager',
      'administrator',
      'super-administrator',
      'auditor',
      'integration',
      'visitor',
      'system',
    ].includes(role);
    for (const verb of verbs) {
      for (const held of scopes) {
        const caller: Caller = { kind: 'supervisor', id: 'somebody', role, scopes: held };
        for (const place of places) {
          const conversation = { ...place, status: 'active', contactId: 'con_1', assignedTo: 'agent-1' } as const;
          const said = { role, verb, held, place, within: isWithin(caller, verb, place) };
          const rule = isSupervisor ? reaches(caller, verb, conversation) : false;
          expect(said).toEqual({ ...said, within: rule });
        }
      }
    }
  });

  test('as data: the condition a query is made of', () => {
    expect(withinScope(scopeOf(supervisor('manager', 'team:support', 'team:experts'), 'live-activity'))).toEqual({
      groupId: { $in: ['support', 'experts'] },
    });
    expect(withinScope(scopeOf(supervisor('administrator', 'campaign:campaign-1'), 'live-activity'))).toEqual({
      campaign: { $in: ['campaign-1'] },
    });
    expect(withinScope(scopeOf(supervisor('super-administrator', 'tenant'), 'live-activity'))).toEqual({});
    expect(withinScope(scopeOf(supervisor('super-administrator'), 'live-activity'))).toEqual({ id: { $in: [] } });
    expect(withinScope(scopeOf(supervisor('administrator'), 'live-activity'))).toEqual({ campaign: { $in: [] } });
  });

  test('who once saw it hears that it left, and nobody else does', () => {
    expect(onceWithinScope(scopeOf(supervisor('manager', 'team:support'), 'live-activity'))).toEqual({
      pastGroups: { $overlap: ['support'] },
    });
    expect(onceWithinScope(scopeOf(supervisor('administrator', 'campaign:site'), 'live-activity'))).toEqual({
      pastCampaigns: { $overlap: ['site'] },
    });
  });
});
