import { expect, test } from '@jest/globals';
import { tree } from '../tidy/tree.ts';
import { citations, RULES } from './citations.ts';

test('a test cites its rules in front of its name', () => {
  const text = [
    `test('A8, A11: paid to nobody', () => {});`,
    `describe('B12: natural close', () => { it.each([1])(\`X2: after \${1} s\`, () => {}); });`,
    `test('version 3: no rule', () => {}); expect('A1: no test');`,
  ].join('\n');
  expect(citations('a.test.ts', text)).toEqual([
    { rule: 'A8', name: 'paid to nobody' },
    { rule: 'A11', name: 'paid to nobody' },
    { rule: 'B12', name: 'natural close' },
    { rule: 'X2', name: 'after ${1} s' },
  ]);
});

test('no test cites a rule that does not exist', () => {
  const cited = tree()
    .filter(({ path }) => path.endsWith('.test.ts') && !path.startsWith('test/rules/'))
    .flatMap(({ path, text }) => citations(path, text).map(({ rule }) => ({ path, rule })));
  // Other letters are other lists, such as the invariants of reliability.
  expect(cited.filter(({ rule }) => /^[ABDEX]/.test(rule) && !RULES.includes(rule))).toEqual([]);
});
