import { describe, expect, test } from '@jest/globals';
import type { ChannelAccount } from '@parley/contracts/configuration';
import { presets } from '@parley/domain/presets';
import { type Known, resolveEpisode } from '../src/configuration/episode-start.js';
import { qualified } from '../src/configuration/qualification.js';
import { Snapshot } from '../src/configuration/snapshot.js';
import { pauseAfter } from '../src/deliveries/schedule.js';
import { threadIdOf } from '../src/channel-messages/identifiers.js';
import { agent } from './lived.js';
import { orFault } from './fault.js';

const stored = [
  {
    kind: 'campaign',
    key: 'site',
    value: { id: 'site', name: 'Site', policy: null, groups: ['support'], paidPerConversation: false },
  },
  {
    kind: 'campaign',
    key: 'experts',
    value: { id: 'experts', name: 'E', policy: 'strict', groups: ['experts'], paidPerConversation: true },
  },
  {
    kind: 'policy',
    key: 'strict',
    value: { name: 'strict', version: 4, ...presets['iadvize-onsite'], tagsCreatable: false },
  },
  {
    kind: 'policy',
    key: 'iadvize-onsite',
    value: { name: 'iadvize-onsite', version: 2, ...presets['iadvize-onsite'] },
  },
  { kind: 'group', key: 'support', value: { id: 'support', name: 'Support', members: ['agent-1'] } },
  { kind: 'category', key: 'no-answer', value: { id: 'no-answer', name: 'No answer', archived: false } },
  { kind: 'category', key: 'old', value: { id: 'old', name: 'Old', archived: true } },
  {
    kind: 'subcategory',
    key: 'no-answer/agent',
    value: { id: 'agent', category: 'no-answer', name: 'Agent', archived: false },
  },
  { kind: 'tag', key: 'refund', value: { id: 'refund', name: 'Refund', category: null, archived: false } },
  { kind: 'tag', key: 'broken', value: { id: 7 } },
];
const account: ChannelAccount = {
  ...{ id: 'site', kind: 'site' as const, defaultCampaign: 'site', policy: 'iadvize-onsite', surveyOn: true },
  ...{ deliveryUrl: null, hookId: null },
};
const snapshot = new Snapshot(stored, new Map([['site', account]]));
const known = (change: Partial<Known> = {}): Known => ({
  account: snapshot.account('site'),
  campaign: snapshot.campaign,
  policy: snapshot.policy,
  hasPolicies: snapshot.hasPolicies,
  isSomebodyOnline: () => false,
  ...change,
});

describe('what an episode begins with', () => {
  test('policy by the channel account, group by the campaign, and nobody online', () => {
    expect(resolveEpisode(known(), 'ct_1', null)).toMatchObject({
      kind: 'resolved',
      start: {
        policy: { name: 'iadvize-onsite', version: 2 },
        campaign: 'site',
        group: 'support',
        pendingReason: 'agents-offline',
      },
    });
  });

  test('a campaign that is wished for and known overrides both; an unknown one counts as none', () => {
    expect(resolveEpisode(known({ isSomebodyOnline: () => true }), 'ct_1', 'experts')).toMatchObject({
      start: {
        policy: { name: 'strict', version: 4 },
        group: 'experts',
        paidPerConversation: true,
        pendingReason: 'in-queue',
      },
    });
    expect(resolveEpisode(known(), 'ct_1', 'nowhere')).toMatchObject({ start: { campaign: 'site' } });
  });

  test('what is named but not folded yet is waited for, never guessed at', () => {
    expect(resolveEpisode(known({ policy: () => undefined }), 'ct_1', null)).toEqual({
      kind: 'missing',
      what: 'policy iadvize-onsite',
    });
    expect(resolveEpisode(known({ campaign: () => undefined }), 'ct_1', null)).toEqual({
      kind: 'missing',
      what: 'campaign site',
    });
    expect(resolveEpisode(known({ account: undefined }), 'ct_1', null)).toMatchObject({ kind: 'missing' });
  });

  test('a tenant without any policy has the presets as they ship', () => {
    const bare = known({ policy: () => undefined, hasPolicies: false });
    expect(resolveEpisode(bare, 'ct_1', null)).toMatchObject({
      start: { policy: { name: 'iadvize-onsite', version: 1 } },
    });
  });
});

describe('qualifying', () => {
  const creatable = { name: 'p', version: 1, ...presets['iadvize-onsite'] };

  const me = agent('agent-1');

  test('B4: names become slugs; an unknown tag is made on the spot', () => {
    expect(qualified({ tags: ['REFUND', 'Made on the spot'] }, snapshot, creatable, me)).toEqual({
      fields: { tags: ['refund', 'made-on-the-spot'] },
      newTags: [{ id: 'made-on-the-spot', name: 'Made on the spot' }],
    });
  });

  test.each([
    ['agent', true, ['new']],
    ['agent', false, '/tags/1 is not one of your tags'],
    ['manager', false, ['new']],
    ['administrator', false, ['new']],
    ['super-administrator', false, ['new']],
    ['integration', true, '/tags/1 is not one of your tags'],
  ] as const)('B4: who may make a tag: %s, where policy lets agents: %s', (role, tagsCreatable, made) => {
    const kind = role === 'agent' || role === 'integration' ? role : 'supervisor';
    const scopes = ['team:support', 'campaign:site', 'tenant', 'lifecycle:qualify'];
    const caller = { kind, id: 'who', role, scopes } as const;
    const ids = () => {
      const result = qualified({ tags: ['refund', 'new'] }, snapshot, { ...creatable, tagsCreatable }, caller);
      return result.newTags.map(({ id }) => id);
    };
    expect(orFault(ids)).toEqual(made);
  });

  test('D6: a category is one of ours and not archived; to which a sub-category belongs travels along', () => {
    expect(() => qualified({ category: 'old' }, snapshot, creatable, me)).toThrow();
    expect(() => qualified({ category: 'nowhere' }, snapshot, creatable, me)).toThrow();
    expect(qualified({ category: 'no-answer', subcategory: 'agent' }, snapshot, creatable, me).fields).toEqual({
      ...{ category: 'no-answer', subcategory: 'agent', subcategoryOf: 'no-answer' },
    });
    expect(qualified({ subcategory: 'none' }, snapshot, creatable, me).fields).toMatchObject({ subcategoryOf: null });
  });
});

test('a configuration value that does not read is as good as absent', () => {
  expect([snapshot.knowsTag('refund'), snapshot.knowsTag('broken')]).toEqual([true, false]);
  expect(snapshot.tagName('unheard-of')).toBe('unheard-of');
});

test('deliveries are tried again for some 18 hours, then given up', () => {
  const pauses = Array.from({ length: 10 }, (_, n) => pauseAfter(n + 1, 0.5) ?? 0);
  expect(pauses[0]).toBe(1000);
  expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses);
  expect(pauses.reduce((sum, ms) => sum + ms, 0) / 3_600_000).toBeGreaterThan(17);
  expect(pauseAfter(11, 0)).toBeUndefined();
});

test('a thread is named by tenant, account and contact, and tells nothing of them', () => {
  const id = threadIdOf('demo', 'site', 'ct_1');
  expect(id).toMatch(/^th_[A-Za-z0-9_-]{22}$/);
  expect(threadIdOf('demo', 'site', 'ct_1')).toBe(id);
  expect(new Set([id, threadIdOf('other', 'site', 'ct_1'), threadIdOf('demo', 'chat', 'ct_1')]).size).toBe(3);
});
