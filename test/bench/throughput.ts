import { type Bare, startBare } from './bare.ts';
import { median, rate, table } from './figures.ts';
import { historyOf } from './history.ts';
import { live } from './life.ts';

/** A life is four acknowledged commands on both sides. */
const COMMANDS = 4;
const WARM_UP = 20;

interface Sides {
  bare: number;
  parley: number;
}

/** The same lives on bare Temporal and through Parley, in turns whose order alternates; commands a second. */
export async function throughput(rounds: number, lives: number, clients: number): Promise<void> {
  const bare = await startBare();
  try {
    await rate(WARM_UP, clients, async () => void (await bare.live()));
    await rate(WARM_UP, clients, async () => void (await live()));
    await compareHistories(bare);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const isBareFirst = round % 2 === 0;
      const { bare: b, parley: p } = await oneRound(bare, lives, clients, isBareFirst);
      ratios.push(p / b);
      console.log(
        `round ${round + 1} (${isBareFirst ? 'bare first' : 'Parley first'}): bare Temporal ${b.toFixed(1)} commands/s, Parley by HTTP ${p.toFixed(1)} commands/s, ratio ${(p / b).toFixed(2)}`,
      );
    }
    console.log(
      `throughput, Parley / bare Temporal, ${clients} clients: median ${median(ratios).toFixed(2)} of ${rounds} rounds (goal 0.80)`,
    );
  } finally {
    await bare.stop();
  }
}

async function oneRound(bare: Bare, lives: number, clients: number, isBareFirst: boolean): Promise<Sides> {
  const onBare = async (): Promise<number> =>
    COMMANDS * (await rate(lives, clients, async () => void (await bare.live())));
  const onParley = async (): Promise<number> =>
    COMMANDS * (await rate(lives, clients, async () => void (await live())));
  if (isBareFirst) {
    const b = await onBare();
    return { bare: b, parley: await onParley() };
  }
  const p = await onParley();
  return { bare: await onBare(), parley: p };
}

/** That both sides do the same work inside Temporal is to be seen, not believed. */
async function compareHistories(bare: Bare): Promise<void> {
  const [b, p] = [await historyOf(await bare.live()), await historyOf(`conversation/demo/${await live()}`)];
  console.log(
    table([
      ['one life in Temporal, when its last event is published', 'bare', 'Parley'],
      ['Updates', String(b.updates), String(p.updates)],
      ['activities', String(b.activities), String(p.activities)],
      ['workflow tasks', String(b.workflowTasks), String(p.workflowTasks)],
      ['bytes into Updates', String(b.updateBytes), String(p.updateBytes)],
      ['bytes of their answers', String(b.answerBytes), String(p.answerBytes)],
      ['bytes into activities', String(b.activityBytes), String(p.activityBytes)],
    ]),
  );
  console.log('Parley’s run ends later, with a timer and an activity that archives it; the bare one ends at once.\n');
}
