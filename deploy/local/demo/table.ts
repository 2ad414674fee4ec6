import { ENDINGS, expectedEnd, presetOf } from './plan.ts';
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

const HEAD = ['what was played', 'under', 'count', 'the API says', 'Kafka says'];

/** The final table: a row for each way of ending under each preset, counted from the API and from Kafka apart. */
export function tableOf(outcomes: Outcome[]): string {
  const rows = ENDINGS.flatMap(({ ending, accounts }) =>
    [...new Set(accounts.map(presetOf))].flatMap((preset) => {
      const mine = outcomes.filter(
        ({ played: { part } }) => part.ending === ending && presetOf(part.account) === preset,
      );
      if (mine.length === 0) return [];
      const api = tally(mine.map((outcome) => outcome.api.end));
      const kafka = tally(mine.map((outcome) => outcome.kafka?.end ?? 'nothing'));
      return [[ending, preset, String(mine.length), api, kafka]];
    }),
  );
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
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
