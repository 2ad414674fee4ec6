/** Something the person at the keyboard can put right: printed as one line, without a stack. The line says the way out. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
}

/** The one line to print for whatever was thrown. A bug keeps its stack, for nobody at the keyboard can put it right. */
export function lineOf(error: unknown): string {
  if (error instanceof Trouble) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
