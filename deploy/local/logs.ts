import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const largestBytes = 64 * 1024 * 1024;
const betweenLooksMs = 15_000;
const mostCharacters = 300;

const entry = z.object({ msg: z.string().optional(), err: z.object({ message: z.string() }).optional() });

/**
 * One log file a part. The part writes into the file itself, not through the launcher, so that it outlives a killed launcher;
 * the file is opened for appending, so that emptying a too large one costs nothing but its past.
 */
export class Logs {
  readonly #folder: string;
  readonly #files = new Set<string>();
  readonly #trimming: NodeJS.Timeout;

  constructor(profileFolder: string) {
    this.#folder = join(profileFolder, 'logs');
    mkdirSync(this.#folder, { recursive: true });
    this.#trimming = setInterval(() => this.#trim(), betweenLooksMs).unref();
  }

  path(name: string): string {
    return join(this.#folder, `${name}.log`);
  }

  /** The log of the last run becomes `<name>.log.1`; a restart within one run goes on in the same file. */
  open(name: string): number {
    const path = this.path(name);
    if (!this.#files.has(path) && existsSync(path)) renameSync(path, `${path}.1`);
    this.#files.add(path);
    return openSync(path, 'a');
  }

  /** What it said last, in words: of a line in JSON only the message. */
  lastWords(name: string): string {
    const path = this.path(name);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
    return wordsOf(lines.at(-1) ?? '').slice(0, mostCharacters);
  }

  close(): void {
    clearInterval(this.#trimming);
  }

  #trim(): void {
    for (const path of this.#files) {
      if (existsSync(path) && statSync(path).size > largestBytes) truncateSync(path, 0);
    }
  }
}

function wordsOf(line: string): string {
  try {
    const { err, msg } = entry.parse(JSON.parse(line));
    return err?.message ?? msg ?? line;
  } catch {
    return line;
  }
}
