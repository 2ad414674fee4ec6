import { describe, expect, test } from '@jest/globals';
import { lint } from './lint.js';

const workflow = (body: string, imports = '') => `
import { defineQuery, defineUpdate, setHandler${imports} } from '@temporalio/workflow';
export const state = defineQuery<string>('state');
export const close = defineUpdate<string, [string]>('close');
export function conversation(): void {
  ${body}
}`;

const chance = 'No chance in workflow code: ids come from the run’s first id and a counter.';
const patched = 'patched() is read in workflows/src/ruleset.ts and nowhere else in workflow code.';
const clock = 'The clock is read in workflows/src/clock.ts and nowhere else in workflow code.';

describe('uuid4() corrupts replay wherever a workflow is asked, and fails in', () => {
  test.each([
    ['a query', 'setHandler(state, () => uuid4());'],
    ['a validator', 'setHandler(close, () => "closed", { validator: () => refuse(uuid4()) });'],
    ['a handler', 'setHandler(close, (id) => id + uuid4());'],
  ])('%s', async (_place, body) => {
    expect(await lint('workflows/src/breach.workflow.ts', workflow(body, ', uuid4'))).toEqual([
      `no-restricted-syntax: ${chance}`,
    ]);
  });

  test('a query, under another name or through a namespace', async () => {
    const alias = workflow('setHandler(state, () => id());', ', uuid4 as id');
    const namespace = `import * as wf from '@temporalio/workflow'; export const ask = () => wf.uuid4();`;
    expect(await lint('workflows/src/a.ts', alias)).toEqual([`no-restricted-syntax: ${chance}`]);
    expect(await lint('workflows/src/a.ts', namespace)).toEqual([`no-restricted-syntax: ${chance}`]);
  });
});

describe('in workflow code', () => {
  test.each([
    [
      'export const ask = () => Math.random();',
      `no-restricted-properties: 'Math.random' is restricted from being used. ${chance}`,
    ],
    [
      'export const ask = () => Date.now();',
      `no-restricted-properties: 'Date.now' is restricted from being used. ${clock}`,
    ],
    ['export const ask = () => new Date();', `no-restricted-syntax: ${clock}`],
    [
      `import { patched } from '@temporalio/workflow'; export const ask = () => patched('a');`,
      `no-restricted-syntax: ${patched}`,
    ],
    [
      'export const ask = () => fetch("/");',
      `no-restricted-globals: Unexpected use of 'fetch'. A workflow reaches the outside only by an activity, and waits only by condition() and sleep().`,
    ],
    [
      'let seen = 0; export const ask = () => (seen += 1);',
      'no-restricted-syntax: Module state is shared by every workflow of a worker and lost on replay: keep state in the run.',
    ],
  ])('%s', async (code, message) => {
    expect(await lint('workflows/src/a.ts', code)).toEqual([message]);
  });

  test('the patch marker has its one file, and the clock another', async () => {
    const marker = `import { patched } from '@temporalio/workflow'; export const ruleset = () => (patched('a') ? 2 : 1);`;
    expect(await lint('workflows/src/ruleset.ts', marker)).toEqual([]);
    expect(await lint('workflows/src/clock.ts', 'export const now = () => Date.now();')).toEqual([]);
    expect(await lint('workflows/src/ruleset.ts', 'export const now = () => new Date();')).toEqual([
      `no-restricted-syntax: ${clock}`,
    ]);
  });
});

describe('in the domain', () => {
  test.each([
    [
      'export const now = () => new Date();',
      'no-restricted-syntax: The domain knows no clock: the instant is an argument.',
    ],
    [
      'export const now = () => Date.now();',
      `no-restricted-properties: 'Date.now' is restricted from being used. The domain knows no clock: the instant is an argument.`,
    ],
    [
      'export const id = () => Math.random();',
      `no-restricted-properties: 'Math.random' is restricted from being used. The domain knows no chance: the same history decides the same.`,
    ],
    [
      'export const wait = (then: () => void) => setTimeout(then, 1);',
      `no-restricted-globals: Unexpected use of 'setTimeout'. The domain knows nothing outside itself: what it needs is an argument.`,
    ],
    ['export const ask = async () => 1;', 'no-restricted-syntax: The domain knows no promise: it decides at once.'],
    [
      'let count = 0; export const next = () => (count += 1);',
      'no-restricted-syntax: The domain keeps no state between two calls.',
    ],
  ])('%s', async (code, message) => {
    expect(await lint('libs/domain/src/a.ts', code)).toEqual([message]);
  });

  test('an instant that came as an argument may be read', async () => {
    expect(
      await lint('libs/domain/src/a.ts', 'export const at = (instant: number) => new Date(instant).toISOString();'),
    ).toEqual([]);
  });
});
