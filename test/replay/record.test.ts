import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Stage } from '../workflow/harness.js';
import { lives } from './lives.js';
import { randomLife } from './random-life.js';
import { keep, recordingOf, type Recording } from './recording.js';
import { bundleWithWitness, byKind, foldOf, replay, saidIn } from './replay.js';

/**
 * Every life, lived now on the real server, replays. To record them anew for the replay test:
 * `PARLEY_RECORD=1 PARLEY_STACK=… npm run jest -- test/replay/record`. Never to make that test pass: what it holds are
 * runs that live in production.
 */
const isToBeKept = process.env['PARLEY_RECORD'] !== undefined;

let stage: Stage;
let bundle: { code: string };
beforeAll(async () => {
  stage = await Stage.open();
  bundle = await bundleWithWitness();
}, 60_000);
afterAll(() => stage.close());

async function replays(recording: Recording): Promise<void> {
  for (const run of recording.runs) {
    expect(byKind(await replay(bundle, recording.workflowId, run))).toEqual(byKind(saidIn(run)));
  }
  expect(foldOf(recording)).toEqual(recording.states);
}

test.each(Object.entries(lives))('%s', async (name, live) => {
  const recording = await recordingOf(stage, await live(stage));
  await replays(recording);
  if (isToBeKept) keep(name, recording);
});

const first = Number(process.env['PARLEY_LIFE_SEED'] ?? Date.now() % 1_000_000);
test.each([first, first + 1, first + 2, first + 3])('a life at random (seed %i)', async (seed) => {
  await replays(await recordingOf(stage, await randomLife(stage, seed)));
});
