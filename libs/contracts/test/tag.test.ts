import { expect, test } from '@jest/globals';
import { tagFault, tagSlug } from '@parley/contracts/tag';
import fc from 'fast-check';

test.each([
  ['', 'has no letter, digit or symbol'],
  ['  ', 'has no letter, digit or symbol'],
  ['\u200B\u2060', 'has no letter, digit or symbol'],
  ['\u3164', 'has no letter, digit or symbol'],
  ['!!!', 'has no letter, digit or symbol'],
  ['..', 'has no letter, digit or symbol'],
  ['a'.repeat(65), 'is longer than 64 characters'],
  ['\uFDFA'.repeat(10), 'is longer than 64 characters'],
  ['line\nbreak', 'contains a control character'],
  ['nul\u0000', 'contains a control character'],
  ['\u202Egnp', 'contains a control character'],
  ['half\uD800', 'contains an unpaired surrogate'],
  ['ask eva@example.org', 'contains an e-mail address'],
  ['ask eva＠example．org', 'contains an e-mail address'],
  ['order 123456', 'contains six digits or more'],
  ['order ١٢٣٤٥٦', 'contains six digits or more'],
  ['order ①②③④⑤⑥', 'contains six digits or more'],
  [`z${'\u0335'.repeat(9)}`, 'stacks more than 8 marks on one letter'],
  [`é${'\u0335'.repeat(8)}`, 'stacks more than 8 marks on one letter'],
  [`z${'\u0335\u200C'.repeat(9)}`, 'stacks more than 8 marks on one letter'],
])('B4: %j is no tag: %s', (name, fault) => expect(tagFault(name)).toBe(fault));

test('B4: what is not seen is left out before letters are put together', () => {
  expect(tagSlug('e\u200B\u0301')).toBe('é');
  expect(tagSlug(tagSlug('e\u200B\u0301'))).toBe('é');
});

test.each([
  'a'.repeat(64),
  'order 12345',
  'après-vente',
  '退货',
  '😀',
  '👩‍👩‍👧‍👦',
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  '❤️',
  '€',
  `z${'\u0335'.repeat(8)}`,
  'аdmin',
  'שלום',
])('B4: %s is a tag', (name) => expect(tagFault(name)).toBeUndefined());

test.each([
  ['Refund', 'ｒｅｆｕｎｄ', 'refund'],
  ['straße', 'STRASSE', 'strasse'],
  ['straẞe', 'Straße', 'strasse'],
  ['APRÈS-vente', 'apre\u0300s-vente', 'après-vente'],
  ['ΟΔΟΣ', 'οδος', 'οδος'],
  ['ﬁnance', 'FINANCE', 'finance'],
  [' Opening  hours', 'opening-hours', 'opening-hours'],
  ['re\u00ADfund', 'refund\u200B', 'refund'],
  ['in/out', 'In／Out', 'in-out'],
])('B4: %j and %j are one tag', (one, other, slug) => expect([tagSlug(one), tagSlug(other)]).toEqual([slug, slug]));

test.each([
  ['C', 'C++', 'C#', 'C+'],
  ['.NET', 'net'],
  ['कि', 'का', 'क'],
  ['😀', '😁'],
  ['👩‍👩‍👧', '👩👩👧'],
  ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
  ['résumé', 'resume'],
  ['admin', 'аdmin'],
])('B4: %j, %j … are as many tags', (...names) => expect(new Set(names.map(tagSlug)).size).toBe(names.length));

test('a slug is its own slug, fits where it travels, and is no path', () => {
  const names = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 64 }),
    fc.string({ unit: 'binary', maxLength: 64 }),
    fc.string({
      unit: fc.constantFrom('ﷺ', 'ß', 'ΐ', 'İ', 'ı', '\u0345', 'ᾳ', ' ', '/', '.', 'Σ', 'ŉ', '\u0307'),
      maxLength: 64,
    }),
  );
  fc.assert(
    fc.property(names, (name) => {
      if (tagFault(name) !== undefined) return;
      const slug = tagSlug(name);
      expect(tagSlug(slug)).toBe(slug);
      expect(slug.length).toBeGreaterThan(0);
      expect(slug.length).toBeLessThanOrEqual(200);
      expect(slug).not.toMatch(/^\.{1,2}$|[\s/]/);
    }),
    { numRuns: 20_000 },
  );
});

test('every letter there is has one slug in each of its cases', () => {
  const apart: string[] = [];
  for (let point = 1; point <= 0x10ffff; point += 1) {
    const sign = String.fromCodePoint(point);
    if (!/\p{L}/u.test(sign)) continue;
    const slugs = [sign, sign.toUpperCase(), sign.toLowerCase(), tagSlug(sign)].map(tagSlug);
    if (new Set(slugs).size !== 1) apart.push(sign);
  }
  expect(apart).toEqual([]);
});
