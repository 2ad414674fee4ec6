import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { limits } from './test/tidy/limits.ts';
import { domainRules, workflowRules } from './test/walls/determinism.mjs';
import { imports } from './test/walls/imports.mjs';

const tests = ['**/test/**', 'test/**'];

const noDefault = { selector: 'ExportDefaultDeclaration', message: 'No default exports: a thing has one name.' };
const style = [
  noDefault,
  { selector: 'TSEnumDeclaration', message: 'No enums: write a union of literals.' },
  {
    selector: 'CatchClause > BlockStatement[body.length=0]',
    message: 'No swallowed errors: answer it or let it through.',
  },
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that has it.' },
];

export default tseslint.config(
  { ignores: ['**/dist/', '**/coverage/', '**/generated/', '.local/', '.nx/'] },
  // No comment switches a rule off: an exception is a line in this file.
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.{ts,tsx,mjs,cjs}'],
    plugins: { '@typescript-eslint': tseslint.plugin, parley: { rules: { imports } } },
    languageOptions: { parser: tseslint.parser },
    rules: {
      'parley/imports': 'error',
      'max-lines': ['error', limits.fileLines],
      'max-lines-per-function': ['error', limits.functionLines],
      'max-depth': ['error', limits.nesting],
      'no-console': ['error', { allow: ['warn', 'error'] }],
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      // The two decorator flags keep consistent-type-imports away from classes that Nest injects.
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        emitDecoratorMetadata: true,
        experimentalDecorators: true,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-restricted-syntax': ['error', ...style],
      // An activity, a controller or a fake answers a promise because its interface does, awaiting or not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: tests,
    rules: {
      '@typescript-eslint/consistent-type-assertions': 'off',
      // A describe block is a chapter, not a function; the tidy test holds the functions inside it.
      'max-lines-per-function': 'off',
      'max-lines': ['error', limits.testFileLines],
    },
  },
  { files: ['test/**', 'deploy/**'], rules: { 'no-console': 'off' } },
  { files: ['libs/domain/src/**'], rules: domainRules(style) },
  { files: ['workflows/src/**'], rules: workflowRules(style) },
  { files: ['workflows/src/ruleset.ts'], rules: workflowRules(style, 'patched') },
  { files: ['workflows/src/clock.ts'], rules: workflowRules(style, 'clock') },
  // Configuration files are read by tools that want a default export.
  {
    files: ['**/*.config.ts'],
    rules: { 'no-restricted-syntax': ['error', ...style.filter((rule) => rule !== noDefault)] },
  },
  prettier,
);
