import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_DEPTH, readStrictJson } from '../src/strict-json.js';

const read = (text: string) => readStrictJson(Buffer.from(text));

test('agrees with JSON.parse on whatever has no key twice', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      expect(read(text)).toMatchObject({ ok: true, value: JSON.parse(text) as unknown });
    }),
  );
});
test('never throws, and takes nothing that JSON.parse refuses', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ':',
    ',',
    '1',
    'a',
    'null',
    ' ',
    '"a":',
    '\\u0061',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      if (read(text).ok) expect(() => void JSON.parse(text)).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});
test('the same key in two objects, and as a value, is no duplicate', () => {
  expect(read('{"a":"a","b":{"a":1},"c":[{"a":2},{"a":"b"}]}').ok).toBe(true);
});
test.each([
  ['{"a":[1,{"b":2},{"__proto__":3}]}', '/a/2/__proto__'],
  ['[[],{},{"x/y":{"__proto__":{}}}]', '/2/x~1y/__proto__'],
  ['{"__pro\\u0074o__":1}', '/__proto__'],
])('%s points at its __proto__', (text, pointer) => {
  expect(read(text)).toMatchObject({ ok: true, forbiddenKey: pointer });
});
test.each([
  ['nested too deep', '['.repeat(65_536), `is nested deeper than ${MAX_DEPTH}`],
  ['a string that never ends', `"${'\\"'.repeat(32_000)}`, 'is not JSON'],
  ['one key again and again', `{${'"a":{},'.repeat(8000)}"a":1}`, 'names a key twice'],
  ['blank', ' '.repeat(65_536), 'is not JSON'],
])('64 KiB of it is refused without a stack overflow: %s', (_name, text, fault) => {
  expect(read(text)).toEqual({ ok: false, fault });
});
