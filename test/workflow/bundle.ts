import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWorkflowBundle } from '@parley/temporal/workflow-bundle';

const root = join(import.meta.dirname, '..', '..');
const SOURCES = '{workflows,libs/contracts,libs/domain,libs/temporal}/src/**/*.ts';
const pathOf = (room: string): string => fileURLToPath(import.meta.resolve(room));

/** The workflows as production runs them; webpack takes seconds, so test files share one for as long as no source changes. */
export async function workflowBundle(): Promise<{ code: string }> {
  const file = join(tmpdir(), `parley-workflows-${hashOfSources()}.js`);
  if (existsSync(file)) return { code: readFileSync(file, 'utf8') };
  const { code } = await buildWorkflowBundle({
    workflowsPath: pathOf('@parley/workflows/registered'),
    interceptors: [pathOf('@parley/workflows/reserved-names')],
  });
  writeFileSync(`${file}.${process.pid}`, code);
  renameSync(`${file}.${process.pid}`, file);
  return { code };
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const path of globSync(SOURCES, { cwd: root }).sort()) hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex').slice(0, 16);
}
