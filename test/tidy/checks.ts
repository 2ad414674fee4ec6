import { basename } from 'node:path';
import { limits } from './limits.ts';
import type { SourceFile } from './tree.ts';

export const isCode = ({ path }: SourceFile) => /\.(ts|tsx|mjs|cjs|js)$/.test(path) && !path.includes('/generated/');
export const isTest = (path: string) => /(^|\/)test\//.test(path);

const TOP_LEVEL = [
  ...['apps', 'libs', 'workflows', 'deploy', 'test', 'docs', 'examples', 'patches'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'nx.json', 'README.md', 'LICENSE'],
  ...['eslint.config.mjs', 'jest.config.mjs'],
];

export function strangersAtTheTop({ path }: SourceFile): string[] {
  const [top = ''] = path.split('/');
  return top.startsWith('.') || TOP_LEVEL.includes(top) ? [] : [`${path}: ${top} is not one of the top-level names`];
}

const JUNK = new Set(['common', 'shared', 'util', 'utils', 'helper', 'helpers', 'misc', 'lib']);

export function junkDrawers({ path }: SourceFile): string[] {
  const junk = path.split(/[/.]/).find((name) => JUNK.has(name));
  return junk ? [`${path}: ${junk} says nothing; name it for what it is about`] : [];
}

export function longFiles(file: SourceFile): string[] {
  if (!isCode(file)) return [];
  const max = isTest(file.path) ? limits.testFileLines : limits.fileLines;
  const lines = file.text.replace(/\n$/, '').split('\n').length;
  return lines > max ? [`${file.path}: ${lines} lines, at most ${max}`] : [];
}

export function unfinished({ path, text }: SourceFile): string[] {
  if (path.endsWith('.md')) return [];
  return [...text.matchAll(/\b(TO{1}DO|FIX{1}ME)\b/g)].map(([mark]) => `${path}: ${mark}`);
}

const MACHINE = [
  // A registry, a mirror or a proxy of packages: which one is the business of the machine, not of the project.
  /\bregistry\.[\w-]+\.\w+|\b(npm|nexus|artifactory|verdaccio)\.[\w.-]+\.\w{2,}\/|"resolved": "https?:/,
  /(?<![\w.~\\-])\/(home|root|work|Users)\/[\w.-]+/,
];

export function machineTraces({ path, text }: SourceFile): string[] {
  return MACHINE.flatMap((trace) => trace.exec(text)?.[0] ?? []).map((found) => `${path}: ${found}`);
}

type Manifest = Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>>>;

export function loosePins({ path, text }: SourceFile): string[] {
  if (basename(path) !== 'package.json') return [];
  const manifest = JSON.parse(text) as Manifest;
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  return Object.entries(wanted)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${path}: ${name} is ${version}, not one version`);
}

type Lock = { packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }> };

/** `npm ci` refuses a lock file without them; they go missing when a version is not served for every platform. */
export function unlockedPlatforms({ path, text }: SourceFile): string[] {
  if (path !== 'package-lock.json') return [];
  const { packages } = JSON.parse(text) as Lock;
  const locked = new Set(Object.keys(packages).map((place) => place.replace(/^.*node_modules\//, '')));
  return Object.entries(packages).flatMap(([place, { version, optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter((name) => !locked.has(name))
      .map((name) => `${place}@${version}: ${name} is not locked`),
  );
}
