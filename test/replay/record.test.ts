import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Stage } from '../workflow/harness.js';
import { lives } from './lives.js';
import { keep, recordingOf } from './recording.js';
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

test.each(Object.entries(lives))('%s', async (name, live) => {
  const recording = await recordingOf(stage, await live(stage));
  for (const run of recording.runs) {
    expect(byKind(await replay(bundle, recording.workflowId, run))).toEqual(byKind(saidIn(run)));
  }
  expect(foldOf(recording)).toEqual(recording.states);
  if (isToBeKept) keep(name, recording);
});
