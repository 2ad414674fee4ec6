import { ESLint } from 'eslint';
import { resolve } from 'node:path';
import tseslint from 'typescript-eslint';

export const root = resolve(import.meta.dirname, '../..');

const syntaxOnly = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] });
const withTypes = new ESLint({ cwd: root });

const complaints = async (eslint: ESLint, file: string, code: string) =>
  (await eslint.lintText(code, { filePath: resolve(root, file) }))
    .flatMap((result) => result.messages)
    .map(({ ruleId, message }) => `${ruleId}: ${message}`);

/** What the linter says about this code as if it stood in this file, which need not exist. */
export const lint = (file: string, code: string) => complaints(syntaxOnly, file, code);

/** The same with the rules that need types: slower, and the file must exist. */
export const lintWithTypes = (file: string, code: string) => complaints(withTypes, file, code);

export const value = (specifier: string) => `import { it } from '${specifier}'; export const use = it;`;
export const type = (specifier: string) => `import type { It } from '${specifier}'; export type Use = It;`;
