import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

/** One real or written dialogue: who said what, in order. */
export interface Dialogue {
  id: string;
  turns: { author: 'visitor' | 'agent'; text: string }[];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

function turnOf(value: unknown): Dialogue['turns'] {
  const [author, text] = isList(value) ? value : [];
  if ((author !== 'visitor' && author !== 'agent') || typeof text !== 'string' || text.trim() === '') return [];
  return [{ author, text }];
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function dialogueOf(line: string, number: number): Dialogue {
  const parsed = jsonOf(line);
  if (parsed === undefined) throw new Error(`line ${number} is no JSON`);
  if (!isRecord(parsed) || !Array.isArray(parsed['turns'])) throw new Error(`line ${number} has no "turns"`);
  const turns = parsed['turns'].flatMap(turnOf);
  if (turns[0]?.author !== 'visitor') throw new Error(`line ${number} does not begin with a visitor's turn`);
  return { id: typeof parsed['id'] === 'string' ? parsed['id'] : `line-${number}`, turns };
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) throw new Error(`${file} cannot be read: there is no such file, or it is not ours to read`);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch {
    throw new Error(`${file} cannot be read: it is not whole, or not gzipped as it says`);
  }
}

/**
 * Dialogues of a JSON-lines file, plain or gzipped: `{"id", "turns": [["visitor" | "agent", text], …]}`.
 * @throws Error naming the file and line that cannot be read
 */
export async function readDialogues(file: string): Promise<Dialogue[]> {
  const text = await textOf(file);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    try {
      return dialogueOf(line, index + 1);
    } catch (error) {
      throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}
