import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { asyncApi } from './async-api.ts';
import { breaks, isObject } from './compatibility.ts';
import { brokenRoutes } from './open-api-compatibility.ts';
import { allSchemas, schemaPath, type JsonSchema } from './json-schema.ts';

/** Where the committed documents lie. */
export const generatedFolder = join(import.meta.dirname, '..', 'generated');
/** The documents that somebody may have read: as they were at the last release, which alone writes here. */
export const publishedFolder = join(import.meta.dirname, '..', 'published');
/** What is promised; asyncapi.yaml repeats the schemas. */
export const isPromise = (path: string): boolean => path.startsWith('schemas/') || path.startsWith('openapi/');

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const schemaFile = (type: string): string => schemaPath(type).slice(1);

/** Every document that derives from the schemas alone: path below {@link generatedFolder} → text. */
export function logDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ...[...allSchemas()].map(([type, schema]) => [schemaFile(type), asJson(schema)] as const),
    ['asyncapi.yaml', stringify(asyncApi(), { lineWidth: 120, aliasDuplicateObjects: false })] as const,
  ]);
}

export const committed = (path: string, folder = generatedFolder): string | undefined => {
  const file = join(folder, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

export function committedPaths(folder = generatedFolder): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Every breach of a published schema by the present one, with its file; a type that is gone is one. */
export const brokenPromises = (
  present: ReadonlyMap<string, JsonSchema> = allSchemas(),
  folder = publishedFolder,
): string[] =>
  breaches(folder, 'schemas/', (file, before) => {
    const schema = present.get(file.split('/')[1] ?? '');
    return schema === undefined ? ['is gone'] : breaks(before, schema);
  });

/** Every breach of a published OpenAPI document by what the routes say now: path below the folder → text. */
export const brokenHttp = (present: ReadonlyMap<string, string>, folder = publishedFolder): string[] =>
  breaches(folder, 'openapi/', (file, before) => brokenRoutes(before, documentIn(present.get(file))));

const breaches = (folder: string, kind: string, faultsOf: (file: string, before: JsonSchema) => string[]): string[] =>
  committedPaths(folder)
    .filter((path) => path.startsWith(kind))
    .flatMap((file) => faultsOf(file, documentIn(committed(file, folder))).map((fault) => `${file} ${fault}`));

function documentIn(text = '{}'): JsonSchema {
  const document: unknown = JSON.parse(text);
  return isObject(document) ? document : {};
}
