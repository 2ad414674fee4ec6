/** The value below which the share `p` (0–1) of the numbers lies. */
export function percentile(numbers: number[], p: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}

export const median = (numbers: number[]): number => percentile(numbers, 0.5);
export const mean = (numbers: number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/** Runs `count` of them, `clients` at a time, each client the next as soon as its last is done; answers each one's ms. */
export async function timed(count: number, clients: number, one: (n: number) => Promise<void>): Promise<number[]> {
  const walls: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      const startedAt = performance.now();
      await one(n);
      walls.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: Math.min(clients, count) }, client));
  return walls;
}

/** The same; answers how many a second. */
export async function rate(count: number, clients: number, one: (n: number) => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await timed(count, clients, one);
  return (1000 * count) / (performance.now() - startedAt);
}

const shown = (cell: string | number | undefined): string => {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell.toFixed(1) : '–';
  return cell ?? '';
};

export function table(rows: (string | number | undefined)[][]): string {
  const cells = rows.map((row) => row.map(shown));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const padded = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return cells.map((row) => row.map(padded).join('  ')).join('\n');
}

/** A line every few seconds: how far, how fast, how long still. */
export function progress(what: string, total: number): (done: number) => void {
  const everyMs = 5_000;
  const startedAt = performance.now();
  let saidAt = startedAt;
  return (done) => {
    const now = performance.now();
    if (now - saidAt < everyMs && done < total) return;
    saidAt = now;
    const perSecond = (1000 * done) / (now - startedAt);
    console.log(
      `  ${done}/${total} ${what}, ${perSecond.toFixed(1)} a second, ${((total - done) / perSecond).toFixed(0)} s left`,
    );
  };
}
