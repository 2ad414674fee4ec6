import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, textAt } from './demo/client.ts';
import { readDialogues } from './demo/dialogues.ts';
import { planParts } from './demo/plan.ts';
import { withAgentsOnline } from './demo/presence.ts';
import { endsFromBoth, endsFromKafka } from './demo/record.ts';
import { castOf, playAll, type Show } from './demo/stage.ts';
import { agrees, endedOtherwise, type Outcome, tableOf } from './demo/table.ts';
import { wishesOf } from './demo/wishes.ts';
import { profileOf, root } from './profile.ts';
import { tokenFrom } from './token-client.ts';

// `npm run demo -- [--dialogues FILE.jsonl.gz] [--count N] [--speed X] [--stack FILE]` (contract.md, "Running it")

const OWN_DIALOGUES = join(root, 'examples', 'dialogues', 'twelve.jsonl');

async function stackAt(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined)
    throw new Error('Parley is not up here: `npm start` first, and again when it says "Parley is up".');
  return JSON.parse(text);
}

/** A bar on a terminal, a line every tenth part elsewhere. */
function progressBar(total: number): (ended: number) => void {
  let lastLine = -1;
  let turns = 0;
  return (ended) => {
    turns += 1;
    if (process.stdout.isTTY) {
      const filled = Math.round((30 * ended) / total);
      process.stdout.write(
        `\r[${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${ended}/${total} conversations, ${turns} turns `,
      );
      if (ended === total) process.stdout.write('\n');
      return;
    }
    const tenth = Math.floor((10 * ended) / total);
    if (tenth === lastLine) return;
    lastLine = tenth;
    console.log(`${ended}/${total} conversations, ${turns} turns`);
  };
}

async function outcomesOf(show: Show, brokers: string, supervisor: Client): Promise<Outcome[]> {
  const ids = new Set(show.played.map(({ conversationId }) => conversationId));
  const ends = await endsFromBoth(supervisor, (wanted) => endsFromKafka(brokers, wanted), ids);
  return show.played.flatMap((played) => {
    const both = ends.get(played.conversationId);
    return both === undefined ? [] : [{ played, ...both }];
  });
}

function report(show: Show, outcomes: Outcome[]): number {
  console.log(`\n${tableOf(outcomes)}\n`);
  for (const { part, error } of show.failed)
    console.log(`part ${part.number} (${part.ending}, ${part.account}) broke off: ${error.message}`);
  const disagreeing = outcomes.filter((outcome) => !agrees(outcome));
  for (const { played, api, kafka } of disagreeing) {
    console.log(
      `${played.conversationId}: the API says ${api.end} at ${api.sequence}, Kafka ${kafka?.end ?? 'nothing'} at ${kafka?.sequence ?? 0}`,
    );
  }
  const otherwise = outcomes.filter(endedOtherwise);
  for (const { played, api } of otherwise)
    console.log(`${played.conversationId}: played to be ${played.part.ending}, but it is ${api.end}`);
  const good = disagreeing.length + otherwise.length + show.failed.length === 0;
  console.log(
    good
      ? `All ${outcomes.length} conversations ended as played; the API and Kafka agree.`
      : 'Not as played: see above.',
  );
  return good ? 0 : 1;
}

async function main(): Promise<number> {
  const wishes = wishesOf(process.argv.slice(2));
  const file = wishes.dialogues ?? OWN_DIALOGUES;
  const dialogues = await readDialogues(file);
  if (dialogues.length === 0) throw new Error(`${file} holds no dialogue`);
  const stack = await stackAt(wishes.stack ?? profileOf('dev').stateFile);
  const [issuer, gateway, brokers] = [textAt(stack, 'issuer'), textAt(stack, 'gateway'), textAt(stack, 'kafka')];
  const cast = await castOf(gateway, (account) => tokenFrom(issuer, account));
  const say = (line: string): void => console.log(line);
  const parts = planParts(wishes.count);
  const show = await withAgentsOnline(cast, say, () => {
    say(`Playing ${parts.length} conversations from ${dialogues.length} dialogues at ${gateway}`);
    return playAll(cast, parts, dialogues, wishes.speed, progressBar(parts.length));
  });
  return report(show, await outcomesOf(show, brokers, cast.manager));
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});
