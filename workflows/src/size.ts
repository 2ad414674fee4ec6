/** Bytes of a text in UTF-8; the sandbox has no Buffer. */
export function bytesOf(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // A surrogate pair is two units and four bytes, any other unit above ASCII two or three.
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}

/** Bytes as JSON; undefined for what cannot be written as JSON, or is nested too deep to try. */
export function sizeOf(value: unknown): number | undefined {
  try {
    const json = JSON.stringify(value);
    return json === undefined ? undefined : bytesOf(json);
  } catch {
    return undefined;
  }
}
