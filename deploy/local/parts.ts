import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** No download takes longer; what is older was left by a start that was killed. */
const abandonedAfterMs = 3_600_000;

/**
 * Gets a downloaded part, or makes it in a folder of its own and puts it in place in one step: a download that was cut off
 * never looks like a part. What `make` leaves at `inside` of the folder it is given becomes the part.
 */
export async function obtain(parts: string, name: string, make: (folder: string) => Promise<string>): Promise<string> {
  const place = join(parts, name);
  if (existsSync(place)) return place;
  mkdirSync(parts, { recursive: true });
  removeAbandoned(parts, name);
  const folder = mkdtempSync(join(parts, `.${name}-`));
  try {
    putInPlace(await make(folder), place);
    return place;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function removeAbandoned(parts: string, name: string): void {
  const folders = readdirSync(parts).filter((each) => each.startsWith(`.${name}-`));
  for (const each of folders.map((folder) => join(parts, folder))) {
    if (Date.now() - statSync(each).mtimeMs > abandonedAfterMs) rmSync(each, { recursive: true, force: true });
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
