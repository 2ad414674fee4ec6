import { describe, expect, test } from '@jest/globals';
import { AnyInstant, ConversationId, Id, Instant, Slug, TagName, Text, textFault } from '@parley/contracts/primitives';

const faults = (
  schema: { safeParse(value: unknown): { error?: { issues: { message: string }[] } | undefined } },
  value: unknown,
) => schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];

describe('Text', () => {
  test.each([
    ['', 'is empty'],
    [' \n\t ', 'is empty'],
    ['\u200B\u2060\uFEFF', 'is empty'],
    ['a\u0000b', 'contains NUL'],
    ['a\uD800b', 'contains an unpaired surrogate'],
    ['a'.repeat(4001), 'is longer than 4000 code points'],
  ])('%j: %s', (text, fault) => {
    expect(textFault(text)).toBe(fault);
    expect(faults(Text, text)).toEqual([fault]);
  });

  test('4,000 code points, astral ones too, right-to-left and emoji sequences pass unchanged', () => {
    for (const text of ['a'.repeat(4000), '𝒳'.repeat(4000), 'שלום', '👩‍👩‍👧‍👦', '<script>alert(1)</script>']) {
      expect(Text.parse(text)).toBe(text);
    }
  });
});

test('a tag’s name is what `tagFault` lets pass', () => {
  expect(faults(TagName, 'order 123456')).toEqual(['contains six digits or more']);
  expect(TagName.parse('après-vente')).toBe('après-vente');
});

describe('Instant', () => {
  test.each([
    '2026-11-21T10:00:00Z',
    '2026-11-21T10:00:00.000+01:00',
    '2026-02-30T10:00:00.000Z',
    '2026-11-21T24:00:00.000Z',
    '2026-11-21T10:00:60.000Z',
    '10000-01-01T00:00:00.000Z',
    '1732183200000',
  ])('%s is none', (text) => {
    expect(Instant.safeParse(text).success).toBe(false);
  });

  test('is RFC 3339 in UTC with milliseconds', () => {
    expect(Instant.parse('2026-11-21T10:00:00.000Z')).toBe('2026-11-21T10:00:00.000Z');
  });

  test('people may send any offset', () => {
    expect(AnyInstant.parse('2026-11-21T11:00:00+01:00')).toBe('2026-11-21T10:00:00.000Z');
    expect(AnyInstant.safeParse('2026-11-21T11:00:00').success).toBe(false);
  });
});

describe('identifiers', () => {
  test.each(['../../etc/passwd', 'a\u0000b', 'a/b', '', 'x'.repeat(201)])('%j is no id', (id) => {
    expect(Id.safeParse(id).success).toBe(false);
    expect(ConversationId.safeParse(id).success).toBe(false);
  });

  test('a conversationId has at most 80 characters, a slug 100', () => {
    expect(ConversationId.safeParse('c'.repeat(80)).success).toBe(true);
    expect(ConversationId.safeParse('c'.repeat(81)).success).toBe(false);
    expect(Slug.safeParse('s'.repeat(100)).success).toBe(true);
    expect(Slug.safeParse('s'.repeat(101)).success).toBe(false);
  });
});
