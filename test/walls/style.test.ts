import { describe, expect, test } from '@jest/globals';
import { isError, lint } from './lint.js';

const repeat = (count: number, line: string) => Array.from({ length: count }, () => line).join('\n');

describe('the linter holds style.md', () => {
  test.each([
    [
      'any',
      'export const a: any = 1;',
      '@typescript-eslint/no-explicit-any: Unexpected any. Specify a different type.',
    ],
    [
      'as',
      'export const a = (b: unknown) => b as string;',
      '@typescript-eslint/consistent-type-assertions: Do not use any type assertions.',
    ],
    [
      'the non-null !',
      'export const a = (b?: string) => b!;',
      '@typescript-eslint/no-non-null-assertion: Forbidden non-null assertion.',
    ],
    ['an enum', 'export enum A { B }', 'no-restricted-syntax: No enums: write a union of literals.'],
    [
      'a namespace',
      'export namespace A { export const b = 1; }',
      '@typescript-eslint/no-namespace: ES2015 module syntax is preferred over namespaces.',
    ],
    ['a default export', 'export default 1;', 'no-restricted-syntax: No default exports: a thing has one name.'],
    ['a barrel', `export * from './b.js';`, 'no-restricted-syntax: No barrels: import from the file that has it.'],
    [
      'a swallowed error',
      'export const a = (b: () => void) => { try { b(); } catch { /* why not */ } };',
      'no-restricted-syntax: No swallowed errors: answer it or let it through.',
    ],
    [
      'console.log',
      'console.log(1);',
      'no-console: Unexpected console statement. Only these console methods are allowed: warn, error.',
    ],
    ['==', 'export const a = (b: number) => b == 1;', "eqeqeq: Expected '===' and instead saw '=='."],
    [
      'a value import used as a type',
      `import { A } from './a.js';\nexport type B = A;`,
      '@typescript-eslint/consistent-type-imports: All imports in the declaration are only used as types. Use `import type`.',
    ],
    [
      'four levels',
      'export const a = (b: number) => { if (b > 1) { if (b > 2) { if (b > 3) { if (b > 4) { return 1; } } } } return 0; };',
      'max-depth: Blocks are nested too deeply (4). Maximum allowed is 3.',
    ],
    ['a long file', repeat(301, 'export {};'), 'max-lines: File has too many lines (301). Maximum allowed is 300.'],
    [
      'a long function',
      `export function long(): void {\n${repeat(69, '')}\n}`,
      "max-lines-per-function: Function 'long' has too many lines (71). Maximum allowed is 70.",
    ],
    [
      'a rule switched off by a comment',
      '// eslint-disable-next-line eqeqeq\nexport const a = (b: number) => b == 1;',
      "eqeqeq: Expected '===' and instead saw '=='.",
    ],
  ])('%s', async (_what, code, complaint) => {
    expect(await lint('apps/admin/src/a.ts', code)).toContain(complaint);
  });

  test('what it leaves alone: as const, a class that Nest injects, as in a test, console.log in deploy', async () => {
    const injected = `import { Clock } from './clock.js';\n@Injectable()\nexport class A {\n  constructor(readonly clock: Clock) {}\n}`;
    expect(await lint('apps/admin/src/a.ts', 'export const a = [1] as const;')).toEqual([]);
    expect(await lint('apps/admin/src/a.ts', injected)).toEqual([]);
    expect(await lint('apps/admin/test/a.test.ts', 'export const a = (b: unknown) => b as string;')).toEqual([]);
    expect(await lint('deploy/local/a.ts', 'console.log(1);')).toEqual([]);
  });

  test.each([
    '@typescript-eslint/no-floating-promises',
    '@typescript-eslint/no-misused-promises',
    '@typescript-eslint/no-unsafe-assignment',
    '@typescript-eslint/switch-exhaustiveness-check',
  ])('and with types: %s', async (rule) => {
    expect(await isError('apps/admin/src/a.ts', rule)).toBe(true);
  });
});
