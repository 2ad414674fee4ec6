import { describe, expect, test } from '@jest/globals';
import { ListQuery, PlacementQuery } from '@parley/contracts/inbox-http';
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
    ['\u0001\u0002', 'is empty'],
    ['\u2028 \u3000', 'is empty'],
    ['\uE000', 'is empty'],
    ['\u0301\u20E3', 'is empty'],
    ...['\u2800', '\u3164', '\u115F', '\u1160', '\uFFA0', '\uFE0F', '\u034F', '\u{1D159}', '\u{E0041}'].map(
      (filler) => [` ${filler}\u200D${filler}`, 'is empty'] as const,
    ),
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

  test('one sign that can be seen is a text, whatever invisible ones stand around it', () => {
    const fresh = '\u{1FAFF}';
    for (const text of [
      '.',
      '?',
      '€',
      '7',
      '한',
      '❤️',
      '1️⃣',
      '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
      '🇫🇷',
      '🏳️‍🌈',
      fresh,
      '\u0001x',
      '\u3164\u2800!',
      'e\u0301',
    ]) {
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
    expect(faults(AnyInstant, '2026-11-21T11:00:00')).toEqual(['Invalid ISO datetime']);
  });

  test.each([
    '0000-01-01T00:00:00Z',
    '0000-12-31T23:59:59.999Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-12:00',
    '9999-12-31T23:59:00-00:01',
  ])('%s is outside the years that PostgreSQL and four digits have', (text) => {
    expect(faults(AnyInstant, text)).toEqual(['is not in the years 0001 to 9999 (UTC)']);
  });

  test.each([
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0000-12-31T23:59:00-00:01', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59+12:00', '9999-12-31T11:59:59.000Z'],
  ])('%s is the first or the last that there is', (text, instant) => {
    expect(AnyInstant.parse(text)).toBe(instant);
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

describe('numbers in a query', () => {
  test.each(['0x10', '1e2', '1.0', '+5', '-1', ' 7', '', '0', '201', '٣', 'x', null, true, ['7']])(
    '%j is no limit',
    (limit) => {
      expect(ListQuery.safeParse({ limit }).success).toBe(false);
    },
  );

  test('digits are', () => {
    expect(['1', '007', '200'].map((limit) => ListQuery.parse({ limit }).limit)).toEqual([1, 7, 200]);
    expect([ListQuery.parse({}), PlacementQuery.parse({})]).toEqual([{ limit: 50 }, { waitMs: 0 }]);
    expect(PlacementQuery.parse({ waitMs: '5000' })).toEqual({ waitMs: 5000 });
    expect(PlacementQuery.safeParse({ waitMs: '5e3' }).success).toBe(false);
  });
});
