import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** What `npm run generate` made, by the path at which it is served: `/schemas/conversation.closed/1-0.json`, `/asyncapi.yaml`. */
export function generatedDocuments(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [`/${relative(folder, file).split(sep).join('/')}`, readFileSync(file, 'utf8')] as const;
    }),
  );
}
