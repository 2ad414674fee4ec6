import { describe, expect, test } from '@jest/globals';
import { ProblemError } from '@parley/service/problem';
import { rehearsed } from '../src/commands/rehearsal.js';
import { categoryFields, targetFields } from '../src/commands/taxonomy.js';
import { Snapshot } from '../src/configuration/snapshot.js';
import { UNKNOWN_FACTS } from '../src/conversation/presented.js';
import { DEMO } from '../src/seed/demo.js';
import { Lived, supervisor } from './lived.js';

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

describe('a rehearsal answers as the conversation would', () => {
  const NOW = '2026-03-21T12:00:00.000Z';
  const manager = supervisor('manager', 'team:support');
  const base = { commandId: 'dry-run', caller: manager } as const;
  const of = (lived: Lived, command: Parameters<typeof rehearsed>[1]) =>
    lived.state ? rehearsed(lived.state, command, UNKNOWN_FACTS, NOW) : undefined;

  test('a close: outcome, state after it, effects (A6)', () => {
    const answer = of(new Lived().says().assigned('eva'), { type: 'close', ...base });
    expect(answer).toMatchObject({
      kind: 'done',
      outcome: 'closed',
      conversation: { status: 'closed', sequence: 5 },
      sequence: 5,
    });
    expect(answer?.kind === 'done' && answer.effects.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['counts-for', 'survey-requested', 'capacity-freed', 'leaves-panel']),
    );
  });

  test('a repeat: already closed, with the first record', () => {
    const lived = new Lived().says().does({ type: 'close' }, manager);
    expect(
      of(lived, { type: 'close', ...base, caller: supervisor('administrator', 'campaign:whatsapp') }),
    ).toMatchObject({
      kind: 'done',
      outcome: 'already-closed',
      sequence: 3,
      conversation: { closing: { closedBy: { id: 'manager-1' } } },
      effects: [],
    });
  });

  test('a refusal with the sequence at which it was given', () => {
    expect(of(new Lived('zendesk-messaging').says(), { type: 'close', ...base })).toEqual({
      kind: 'refused',
      reason: 'FEATURE_DISABLED',
      currentSequence: 2,
      nextConversationId: null,
    });
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
