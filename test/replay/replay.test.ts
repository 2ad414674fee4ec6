import { beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, recorded } from './recording.js';
import { bundleWithWitness, byKind, foldOf, publishedIn, replay, saidIn } from './replay.js';

/**
 * Histories of runs as they were recorded, under the rules as they are now. A change that fails here would stop runs that
 * live in production: it goes behind `patched()`, in workflows/src/ruleset.ts.
 */
let bundle: { code: string };
beforeAll(async () => {
  bundle = await bundleWithWitness();
}, 60_000);

describe('recorded lives', () => {
  test('there are at least twelve', () => expect(recorded().length).toBeGreaterThanOrEqual(12));

  test.each(recorded())('%s', async (name) => {
    const recording = load(name);
    for (const run of recording.runs) {
      const said = byKind(await replay(bundle, recording.workflowId, run));
      expect(said).toEqual(byKind(saidIn(run)));
    }
    expect(publishedIn(recording.runs).length).toBeGreaterThan(1);
    expect(foldOf(recording)).toEqual(recording.states);
  });
});

const root = join(import.meta.dirname, '..', '..');

/** The workflows with one passage of theirs written otherwise. */
async function mutated(file: string, passage: string, otherwise: string): Promise<{ code: string }> {
  const folders = join(root, '.local', 'mutants');
  mkdirSync(folders, { recursive: true });
  const folder = mkdtempSync(join(folders, 'workflows-'));
  try {
    cpSync(join(root, 'workflows', 'src'), folder, { recursive: true });
    const source = readFileSync(join(folder, file), 'utf8');
    if (source.split(passage).length !== 2) throw new Error(`${file} does not say "${passage}" once`);
    writeFileSync(join(folder, file), source.replace(passage, otherwise));
    return await bundleWithWitness(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('what replay must not let pass', () => {
  const { workflowId, runs } = load('a-supervisor-closes');
  const [run = {}] = runs;

  test('a workflow that does the same in another order: two errands of one task, swapped', async () => {
    const foreign = load('hostile-and-foreign-signals');
    const passage = '[...couriers, deadline, archiving].forEach(';
    const code = await mutated(
      'conversation.workflow.ts',
      passage,
      passage.replace('...couriers', '...couriers.reverse()'),
    );
    await expect(replay(code, foreign.workflowId, foreign.runs[0] ?? {})).rejects.toThrow(
      /scheduled event 'publishLifecycle' does not match activity type of activity command 'recordForeignMessages'/,
    );
  });

  test('a workflow that says something else in the same order: replay is content, the bytes are not', async () => {
    const code = await mutated('message.ts', 'state.lastMessageNumber + 1', 'state.lastMessageNumber + 2');
    const said = await replay(code, workflowId, run);
    expect(byKind(said)).not.toEqual(byKind(saidIn(run)));
  });

  test('a rule that decides with other words', async () => {
    const code = await mutated('thread.ts', 'this.facts, now())', "this.facts, '2020-01-01T00:00:00.000Z')");
    const said = await replay(code, workflowId, run);
    expect(byKind(said)['activity publishLifecycle']).not.toEqual(byKind(saidIn(run))['activity publishLifecycle']);
  });
});
