/** What a handler throws when nothing will ever make this record readable: to the dead letters at once. */
export class Poison extends Error {
  override readonly name = 'Poison';
}

/** What a handler throws when only something outside is away: tried again for ever, nothing is skipped. */
export class Retry extends Error {
  override readonly name = 'Retry';
  readonly retriable = true;
}

/** An error says so itself, or one of its causes does. */
export function saysRetriable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('retriable' in error && error.retriable === true) return true;
  return 'cause' in error && saysRetriable(error.cause);
}

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);
