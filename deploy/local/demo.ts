import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { field, textAt } from './demo/client.ts';
import { readDialogues } from './demo/dialogues.ts';
import { planParts } from './demo/plan.ts';
import { type End, endFromApi, endsFromKafka } from './demo/record.ts';
import { castOf, playAll, type Show, takePlaces } from './demo/stage.ts';
import { agrees, endedOtherwise, type Outcome, tableOf } from './demo/table.ts';
import { profileOf, root } from './profile.ts';
import { tokenFrom } from './token-client.ts';

// `npm run demo -- [--dialogues FILE.jsonl.gz] [--count N] [--speed X] [--stack FILE]` (contract.md, "Running it")

const OWN_DIALOGUES = join(root, 'examples', 'dialogues', 'twelve.jsonl');

interface Wishes {
  dialogues: string;
  count: number;
  speed: number;
  stack: string;
}

/** @throws Error that says which option is wrong and what it takes */
function wishesOf(args: string[]): Wishes {
  const { values } = parseArgs({
    args,
    options: {
      dialogues: { type: 'string', default: OWN_DIALOGUES },
      count: { type: 'string' },
      speed: { type: 'string', default: '20' },
      stack: { type: 'string', default: profileOf('dev').stateFile },
    },
  });
  const count = Number(values.count ?? (values.dialogues === OWN_DIALOGUES ? 12 : 100));
  const speed = Number(values.speed);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new Error('--count takes a whole number from 1 to 10000');
  if (!(speed > 0 && speed <= 1000))
    throw new Error('--speed takes a number above 0, up to 1000; 1 is a turn every 2 s');
  return { dialogues: values.dialogues, count, speed, stack: values.stack };
}

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

async function outcomesOf(
  show: Show,
  stack: unknown,
  supervisor: Parameters<typeof endFromApi>[0],
): Promise<Outcome[]> {
  const ids = new Set(show.played.map(({ conversationId }) => conversationId));
  const api = new Map<string, End>();
  for (const id of ids) api.set(id, await endFromApi(supervisor, id));
  const kafka = await endsFromKafka(textAt(stack, 'kafka'), ids);
  return show.played.flatMap((played) => {
    const end = api.get(played.conversationId);
    return end === undefined ? [] : [{ played, api: end, kafka: kafka.get(played.conversationId) }];
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
  const dialogues = await readDialogues(wishes.dialogues);
  if (dialogues.length === 0) throw new Error(`${wishes.dialogues} holds no dialogue`);
  const stack = await stackAt(wishes.stack);
  const issuer = textAt(stack, 'issuer');
  const cast = castOf(textAt(stack, 'gateway'), (account) => tokenFrom(issuer, account));
  for (const line of await takePlaces(cast)) console.log(line);
  const parts = planParts(wishes.count);
  console.log(
    `Playing ${parts.length} conversations from ${dialogues.length} dialogues at ${textAt(stack, 'gateway')}`,
  );
  const show = await playAll(cast, parts, dialogues, wishes.speed, progressBar(parts.length));
  if (field(stack, 'kafka') === undefined) throw new Error('the stack file names no Kafka');
  return report(show, await outcomesOf(show, stack, cast.manager));
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});
