import { describe, expect, test } from '@jest/globals';
import { createCursors, type CursorBinding } from '../src/cursor.js';
import { ProblemError } from '../src/problem.js';

const cursors = createCursors('a secret of tests, long enough for all');
const binding: CursorBinding = {
  tenant: 'demo',
  list: 'history',
  filter: { status: 'closed', q: undefined },
  sort: '-startedAt',
};
const cursor = cursors.write(binding, ['2026-11-21T10:00:00.000Z', 7, null]);

const refusalOf = (from: CursorBinding, text: string): unknown => {
  try {
    return cursors.read(from, text);
  } catch (error) {
    return error instanceof ProblemError ? [error.status, error.slug] : error;
  }
};
const malformed = [400, 'malformed'];

test('what was written is read, also by another replica and with the filter in another order', () => {
  const other = createCursors('a secret of tests, long enough for all');
  const filter = { q: undefined, status: 'closed' };
  expect(other.read({ ...binding, filter }, cursor)).toEqual(['2026-11-21T10:00:00.000Z', 7, null]);
  expect(cursor).toMatch(/^[\w-]+$/);
});
test('none is the beginning', () => expect(cursors.read(binding, undefined)).toBeUndefined());

test('never expires: written under a secret that has been replaced since, it is still read', () => {
  const replaced = createCursors('the next secret of tests, also long', ['a secret of tests, long enough for all']);
  expect(replaced.read(binding, cursor)).toEqual(['2026-11-21T10:00:00.000Z', 7, null]);
  const written = replaced.write(binding, [1]);
  expect(replaced.read(binding, written)).toEqual([1]);
  expect(refusalOf(binding, written)).toEqual(malformed);
});

describe('refused as malformed', () => {
  test.each([
    ['another tenant', { ...binding, tenant: 'other' }],
    ['another list', { ...binding, list: 'desk' }],
    ['another filter', { ...binding, filter: { status: 'open' } }],
    ['one more filter', { ...binding, filter: { status: 'closed', q: 'x' } }],
    ['another sorting', { ...binding, sort: 'startedAt' }],
  ])('%s', (_, from) => expect(refusalOf(from, cursor)).toEqual(malformed));

  test('any one altered byte', () => {
    for (let at = 0; at < cursor.length; at += 1) {
      const altered = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
      expect(refusalOf(binding, altered)).toEqual(malformed);
    }
  });
  test.each([
    '',
    'x',
    '!!!!',
    '../../etc/passwd',
    `${cursor}AAAA`,
    cursor.slice(0, -4),
    `${cursor}=`,
    'é',
    '0'.repeat(4000),
  ])('%j', (text) => expect(refusalOf(binding, text)).toEqual(malformed));
  test('one of another secret', () => {
    const forged = createCursors('some other secret, quite as long as that').write(binding, ['x']);
    expect(refusalOf(binding, forged)).toEqual(malformed);
  });
});
