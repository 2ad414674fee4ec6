import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brokenHttp, brokenPromises, committed, committedPaths, generatedFolder, logDocuments } from './documents.ts';
import { httpDocuments } from './open-api.ts';

/**
 * `npm run generate`: writes what is committed under `generated/`, unless it would break what consumers rely on.
 * `-- --unpublished` writes all the same: only while no consumer outside this repository can have read the schema.
 */
const unpublished = process.argv.includes('--unpublished');
const routes = await httpDocuments();
const broken = existsSync(generatedFolder) && !unpublished ? [...brokenPromises(), ...brokenHttp(routes)] : [];
if (broken.length > 0) {
  console.error(`What others rely on would break; nothing is written:\n${broken.join('\n')}`);
  process.exit(1);
}

const documents = new Map([...logDocuments(), ...routes]);
const stale = existsSync(generatedFolder) ? committedPaths().filter((path) => !documents.has(path)) : [];
for (const path of stale) rmSync(join(generatedFolder, path));
for (const [path, text] of documents) {
  if (committed(path) === text) continue;
  mkdirSync(dirname(join(generatedFolder, path)), { recursive: true });
  writeFileSync(join(generatedFolder, path), text);
  console.error(`wrote ${path}`);
}
