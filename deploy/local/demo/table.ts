import { ENDINGS, expectedEnd } from './plan.ts';
import type { Played } from './play.ts';
import type { End } from './record.ts';

export interface Outcome {
  played: Played;
  api: End;
  kafka: End | undefined;
}

export const agrees = ({ api, kafka }: Outcome): boolean =>
  kafka !== undefined && kafka.end === api.end && kafka.sequence === api.sequence;

/** Conversations whose two records agree with each other but not with what was played. */
export const endedOtherwise = (outcome: Outcome): boolean =>
  outcome.api.end !== expectedEnd(outcome.played.part.ending);

/** The final table: a row a way of ending, counted from the API and from Kafka apart. */
export function tableOf(outcomes: Outcome[]): string {
  const rows = ENDINGS.flatMap(({ ending }) => {
    const mine = outcomes.filter(({ played }) => played.part.ending === ending);
    if (mine.length === 0) return [];
    return [
      [
        ending,
        String(mine.length),
        tally(mine.map(({ api }) => api.end)),
        tally(mine.map(({ kafka }) => kafka?.end ?? 'nothing')),
      ],
    ];
  });
  const all = [['what was played', 'count', 'the API says', 'Kafka says'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n');
}

function tally(ends: string[]): string {
  const counts = new Map<string, number>();
  for (const end of ends) counts.set(end, (counts.get(end) ?? 0) + 1);
  return [...counts].map(([end, count]) => `${count} ${end}`).join(', ');
}
