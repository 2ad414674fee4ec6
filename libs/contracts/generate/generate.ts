import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  brokenHttp,
  brokenPromises,
  committed,
  committedPaths,
  generatedFolder,
  isPromise,
  logDocuments,
  publishedFolder,
} from './documents.ts';
import { httpDocuments } from './open-api.ts';

/**
 * `npm run generate`: writes what is committed under `generated/`, unless it would break what is published.
 * `-- --publish`, at a release: from then on it is a promise, and CI compares with it.
 */
const routes = await httpDocuments();
const broken = [...brokenPromises(), ...brokenHttp(routes)];
if (broken.length > 0) {
  console.error(`What others rely on would break; nothing is written:\n${broken.join('\n')}`);
  process.exit(1);
}

const documents = new Map([...logDocuments(), ...routes]);
write(generatedFolder, documents);
if (process.argv.includes('--publish'))
  write(publishedFolder, new Map([...documents].filter(([path]) => isPromise(path))));

function write(folder: string, wanted: ReadonlyMap<string, string>): void {
  const stale = committedPaths(folder).filter((path) => !wanted.has(path));
  for (const path of stale) rmSync(join(folder, path));
  for (const [path, text] of wanted) {
    if (committed(path, folder) === text) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    console.error(`wrote ${join(basename(folder), path)}`);
  }
}
