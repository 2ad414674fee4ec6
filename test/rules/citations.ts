import ts from 'typescript';
import { nodes } from '../tidy/syntax.ts';

/** How many rules each source of the product has; X is what none of the sources has. */
const SOURCES = { A: 13, B: 15, D: 8, E: 11, X: 11 };

export const RULES: readonly string[] = Object.entries(SOURCES).flatMap(([source, count]) =>
  Array.from({ length: count }, (_, index) => `${source}${index + 1}`),
);

export type Citation = { rule: string; name: string };

const CITING = /^([A-Z]\d+(?:, ?[A-Z]\d+)*): (.+)/s;

/** `test`, `it.each(table)`, `describe.skip` … called with a name: that name. */
function nameOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || !/^(test|it|describe)\b/.test(node.expression.getText())) return undefined;
  const [name] = node.arguments;
  if (!name) return undefined;
  return ts.isStringLiteralLike(name)
    ? name.text
    : ts.isTemplateExpression(name)
      ? name.getText().slice(1, -1)
      : undefined;
}

/** The rules that a test file cites in front of its names: `test('A8, A11: a supervisor’s close …')`. */
export function citations(path: string, text: string): Citation[] {
  return nodes({ path, text }).flatMap((node) => {
    const [, rules = '', name = ''] = CITING.exec(nameOf(node) ?? '') ?? [];
    return rules ? rules.split(/, ?/).map((rule) => ({ rule, name })) : [];
  });
}
