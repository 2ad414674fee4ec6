/** The value below which the share `p` (0–1) of the numbers lies. */
export function percentile(numbers: number[], p: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}

export const median = (numbers: number[]): number => percentile(numbers, 0.5);

/** Runs `count` of them, `clients` at a time; answers how many a second. */
export async function rate(count: number, clients: number, one: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  let left = count;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (1000 * count) / (performance.now() - startedAt);
}

export const table = (rows: (string | number)[][]): string => {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell)));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
};
