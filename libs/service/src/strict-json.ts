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

/** The text is valid JSON by now, so a string followed by a colon is a key of the innermost object. */
function readKeys(text: string): { duplicate: boolean; forbidden?: string } {
  const open: Set<string>[] = [];
  const result: { duplicate: boolean; forbidden?: string } = { duplicate: false };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '{' || sign === '[') open.push(new Set());
    if (sign === '}' || sign === ']') open.pop();
    if (sign !== '"') continue;
    const end = afterString(text, at);
    COLON.lastIndex = end;
    if (COLON.test(text)) {
      const key = String(JSON.parse(text.slice(at, end)));
      const keys = open.at(-1);
      if (keys?.has(key)) return { duplicate: true };
      keys?.add(key);
      if (key === '__proto__') result.forbidden ??= '/__proto__';
    }
    at = end - 1;
  }
  return result;
}
