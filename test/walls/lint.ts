import { ESLint } from 'eslint';
import { resolve } from 'node:path';
import tseslint from 'typescript-eslint';

export const root = resolve(import.meta.dirname, '../..');

const everyRule = new ESLint({ cwd: root });
const syntaxOnly = new ESLint({
  cwd: root,
  overrideConfig: [
    tseslint.configs.disableTypeChecked,
    // Where CI=true stands in the environment the parser reads a file once only, and then with types.
    { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } },
  ],
});

/** What the linter says about this code as if it stood in this file, which need not exist; without the rules that need types. */
export const lint = async (file: string, code: string) =>
  (await syntaxOnly.lintText(code, { filePath: resolve(root, file) }))
    .flatMap((result) => result.messages)
    .map(({ ruleId, message }) => `${ruleId}: ${message}`);

type Rules = { rules: Record<string, [severity: number]> };

/** Whether a rule fails the lint of this file. */
export const isError = async (file: string, rule: string) =>
  ((await everyRule.calculateConfigForFile(resolve(root, file))) as Rules).rules[rule]?.[0] === 2;

export const value = (specifier: string) => `import { it } from '${specifier}'; export const use = it;`;
export const type = (specifier: string) => `import type { It } from '${specifier}'; export type Use = It;`;
