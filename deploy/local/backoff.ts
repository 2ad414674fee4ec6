const firstMs = 250;
const longestMs = 5_000;
/** A process that lived this long was well: the next time it dies counts as the first. */
const wellAfterMs = 30_000;

/** How long to wait before the restart that follows `deaths` deaths in a row (1 for the first). */
export const restartDelayMs = (deaths: number): number => Math.min(longestMs, firstMs * 2 ** Math.max(0, deaths - 1));

/** The number of deaths in a row, after one more, of a process that lived `livedMs`. */
export const deathsInARow = (before: number, livedMs: number): number => (livedMs >= wellAfterMs ? 1 : before + 1);
