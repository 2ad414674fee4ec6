import ts from 'typescript';
import { isCode, isTest } from './checks.ts';
import { limits } from './limits.ts';
import type { SourceFile } from './tree.ts';

const parsed = new WeakMap<SourceFile, readonly ts.Node[]>();

/** Every node of the file, the file itself first; each file is parsed once for all checks. */
export function nodes(file: SourceFile): readonly ts.Node[] {
  const known = parsed.get(file);
  if (known) return known;
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true));
  parsed.set(file, found);
  return found;
}

const lineOf = (node: ts.Node, position: number) =>
  node.getSourceFile().getLineAndCharacterOfPosition(position).line + 1;
const at = (file: SourceFile, node: ts.Node) => `${file.path}:${lineOf(node, node.getStart())}`;

/** The callback of a describe block is a chapter of tests, not a function. */
const isChapter = (node: ts.Node) =>
  ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());

export function longFunctions(file: SourceFile): string[] {
  if (!isCode(file)) return [];
  return nodes(file)
    .filter((node) => ts.isFunctionLike(node) && !(isTest(file.path) && isChapter(node)))
    .map((node) => ({ node, lines: lineOf(node, node.getEnd()) - lineOf(node, node.getStart()) + 1 }))
    .filter(({ lines }) => lines > limits.functionLines)
    .map(({ node, lines }) => `${at(file, node)}: a function of ${lines} lines, at most ${limits.functionLines}`);
}

const isElseIf = (node: ts.Node) => ts.isIfStatement(node.parent) && node.parent.elseStatement === node;
const nests = (node: ts.Node) =>
  (ts.isIfStatement(node) && !isElseIf(node)) ||
  ts.isIterationStatement(node, false) ||
  ts.isSwitchStatement(node) ||
  ts.isTryStatement(node);

function depthOf(node: ts.Node): number {
  let depth = 0;
  for (let up: ts.Node = node; !ts.isSourceFile(up) && !ts.isFunctionLike(up); up = up.parent)
    depth += nests(up) ? 1 : 0;
  return depth;
}

export function deepNesting(file: SourceFile): string[] {
  if (!isCode(file)) return [];
  return nodes(file)
    .filter((node) => nests(node) && depthOf(node) === limits.nesting + 1)
    .map((node) => `${at(file, node)}: nested ${limits.nesting + 1} deep, at most ${limits.nesting}`);
}

export function anyTypes(file: SourceFile): string[] {
  if (!isCode(file)) return [];
  return nodes(file)
    .filter((node) => node.kind === ts.SyntaxKind.AnyKeyword)
    .map((node) => `${at(file, node)}: any`);
}

const exportsAll = (node: ts.Node) => ts.isExportDeclaration(node) && !node.exportClause;
const reExports = (node: ts.Node) => ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined;
const isIndex = (path: string) => /(^|\/)index\.\w+$/.test(path);

export function barrels(file: SourceFile): string[] {
  if (!isCode(file)) return [];
  const statements = nodes(file)
    .filter(ts.isSourceFile)
    .flatMap((source) => [...source.statements]);
  const onlyForwards = isIndex(file.path) && statements.some(reExports) && statements.every(reExports);
  return onlyForwards || statements.some(exportsAll)
    ? [`${file.path}: a barrel; import from the file that has it`]
    : [];
}
