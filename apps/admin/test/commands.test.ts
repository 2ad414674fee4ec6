import { describe, expect, test } from '@jest/globals';
import { ProblemError } from '@parley/service/problem';
import { categoryFields, targetFields } from '../src/commands/taxonomy.js';
import { Snapshot } from '../src/configuration/snapshot.js';
import { DEMO } from '../src/seed/demo.js';

const withdrawn = { kind: 'category', key: 'gone', value: { id: 'gone', name: 'Gone', archived: true } };
const known = new Snapshot([...(DEMO['demo'] ?? []), withdrawn]);

function fault(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof ProblemError) return [error.slug, error.extras.errors?.map(({ pointer }) => pointer)];
    throw error;
  }
  return undefined;
}

describe('D6: the taxonomy', () => {
  test('none is for the policy to judge', () => {
    expect(categoryFields({}, known)).toEqual({ category: undefined });
  });

  test('an unknown or archived category is a wrong field', () => {
    expect(fault(() => categoryFields({ category: 'no-such' }, known))).toEqual(['validation', ['/category']]);
    expect(fault(() => categoryFields({ category: 'gone' }, known))).toEqual(['validation', ['/category']]);
  });

  test('a sub-category comes with the category it belongs to', () => {
    expect(categoryFields({ category: 'resolved-elsewhere', subcategory: 'by-phone' }, known).subcategoryOf).toBe(
      'resolved-elsewhere',
    );
    expect(categoryFields({ category: 'no-answer', subcategory: 'by-phone' }, known).subcategoryOf).toBe(
      'resolved-elsewhere',
    );
    expect(categoryFields({ category: 'no-answer', subcategory: 'nowhere' }, known).subcategoryOf).toBeNull();
    expect(categoryFields({ subcategory: 'by-phone' }, known).subcategoryOf).toBe('resolved-elsewhere');
  });
});

describe('whom a conversation may be handed to', () => {
  const site = { group: 'support', campaign: 'site' };

  test('a member of its group', () => {
    expect(targetFields('agent-2', site, known)).toEqual({ to: 'agent-2' });
  });

  test('a member of another group of its campaign, which then becomes its group', () => {
    const both = new Snapshot([
      ...(DEMO['demo'] ?? []).filter(({ key }) => key !== 'site'),
      {
        kind: 'campaign',
        key: 'site',
        value: { id: 'site', name: 'site', policy: null, groups: ['support', 'experts'], paidPerConversation: false },
      },
    ]);
    expect(targetFields('expert-1', site, both)).toEqual({ to: 'expert-1', group: 'experts' });
  });

  test('nobody else', () => {
    for (const to of ['expert-1', 'other-agent-1', 'nobody']) {
      expect(targetFields(to, site, known)).toEqual({ to, lease: { refused: 'TARGET_UNAVAILABLE' } });
    }
  });
});

test('the seed is what every service can read', () => {
  for (const seeded of Object.values(DEMO)) {
    const snapshot = new Snapshot(seeded);
    for (const { kind, key } of seeded) expect(snapshot.knows(kind, key)).toBe(true);
  }
  expect(known.campaign('experts')).toMatchObject({ paidPerConversation: true, groups: ['experts'] });
  expect(known.isMember('agent-1', 'support')).toBe(true);
  expect(known.tagName('opening-hours')).toBe('opening-hours');
});
