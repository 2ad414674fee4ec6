import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processId } from './process-table.ts';

/**
 * Gets a downloaded part, or makes it in a folder of its own and puts it in place in one step: a download that was cut off
 * never looks like a part. What `make` leaves at `inside` of the folder it is given becomes the part.
 */
export async function obtain(parts: string, name: string, make: (folder: string) => Promise<string>): Promise<string> {
  const place = join(parts, name);
  mkdirSync(parts, { recursive: true });
  removeAbandoned(parts, name);
  if (existsSync(place)) return place;
  const folder = mkdtempSync(join(parts, `.${name}-${process.pid}-`));
  try {
    putInPlace(await make(folder), place);
    return place;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a start that was killed had half fetched: its folder says whose it was. */
function removeAbandoned(parts: string, name: string): void {
  for (const folder of readdirSync(parts).filter((each) => each.startsWith(`.${name}-`))) {
    const [owner = ''] = folder.slice(`.${name}-`.length).split('-');
    if (processId(Number(owner)) === undefined) rmSync(join(parts, folder), { recursive: true, force: true });
  }
}

/** Two starts may have made the same part; the first one stays. */
function putInPlace(made: string, place: string): void {
  try {
    renameSync(made, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  }
}
