import { at } from '../end-to-end/stack.ts';

/** Prometheus samples of one endpoint: the series as it is written, and its value. */
export type Samples = Map<string, number>;

export async function scrape(url: string): Promise<Samples> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const text = await response.text();
  const samples: Samples = new Map();
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (space > 0 && !line.startsWith('#')) samples.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return samples;
}

/** The sum over all series of a name whose labels hold all of `labels`. */
export function total(samples: Samples, name: string, ...labels: string[]): number {
  let sum = 0;
  for (const [series, value] of samples)
    if (series.split('{')[0] === name && labels.every((label) => series.includes(label))) sum += value;
  return sum;
}

export const metricsOf = {
  inbox: (): string => `${at('inbox')}/inbox/metrics`,
  admin: (): string => `${at('admin')}/admin/metrics`,
  worker: (): string => at('temporalMetrics'),
};
export type Source = keyof typeof metricsOf;

/** A histogram between two looks. */
export interface Span {
  count: number;
  sum: number;
}

export function between(before: Samples, after: Samples, name: string, ...labels: string[]): Span {
  const grown = (suffix: string): number =>
    total(after, `${name}_${suffix}`, ...labels) - total(before, `${name}_${suffix}`, ...labels);
  return { count: grown('count'), sum: grown('sum') };
}
