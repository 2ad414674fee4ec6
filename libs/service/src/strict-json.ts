import { pointerTo } from './pointer.js';

/** JSON as a command may say it: each key once, nesting bounded, nothing that changes meaning on the way. */
export type StrictJson =
  | { ok: true; value: unknown; /** Pointer to a `__proto__` key, if there is one. */ forbiddenKey?: string }
  | { ok: false; fault: string };

export const MAX_DEPTH = 32;

/** Reads without recursion: `JSON.parse` takes 100,000 levels, and whatever walks its result afterwards does not. */
export function readStrictJson(bytes: Uint8Array): StrictJson {
  const text = decodeUtf8(bytes);
  if (text === undefined) return { ok: false, fault: 'is not UTF-8' };
  if (isTooDeep(text)) return { ok: false, fault: `is nested deeper than ${MAX_DEPTH}` };
  const parsed = parse(text);
  if (parsed === undefined) return { ok: false, fault: 'is not JSON' };
  const keys = readKeys(text);
  if (keys.duplicate) return { ok: false, fault: 'names a key twice' };
  return { ok: true, value: parsed.value, ...(keys.forbidden !== undefined && { forbiddenKey: keys.forbidden }) };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Index just after the string that opens at `start`; the text's end when it never closes. */
function afterString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') at = afterString(text, at) - 1;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

const COLON = /\s*:/y;

/** An open object or array, and where in it we are. */
interface Level {
  keys: Set<string>;
  at: string | number;
}

interface Keys {
  duplicate: boolean;
  /** Pointer (RFC 6901) to the first `__proto__`. */
  forbidden?: string;
}

/** The text is valid JSON by now, so a string followed by a colon is a key of the innermost object. */
function readKeys(text: string): Keys {
  const open: Level[] = [];
  const found: Keys = { duplicate: false };
  for (let at = 0; at < text.length && !found.duplicate; at += 1) {
    const sign = text[at];
    const level = open.at(-1);
    if (sign === '{' || sign === '[') open.push({ keys: new Set(), at: sign === '[' ? 0 : '' });
    else if (sign === '}' || sign === ']') open.pop();
    else if (sign === ',' && typeof level?.at === 'number') level.at += 1;
    else if (sign === '"') {
      const end = afterString(text, at);
      COLON.lastIndex = end;
      if (level && COLON.test(text)) enter(String(JSON.parse(text.slice(at, end))), level, open, found);
      at = end - 1;
    }
  }
  return found;
}

function enter(key: string, level: Level, open: readonly Level[], found: Keys): void {
  if (level.keys.has(key)) found.duplicate = true;
  level.keys.add(key);
  level.at = key;
  if (key === '__proto__') found.forbidden ??= pointerTo(open.map((outer) => outer.at));
}
