import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LIFECYCLE_EVENTS } from '@parley/contracts/lifecycle-event';
import { REASON_CODES } from '@parley/contracts/reason';
import type { Conversation } from '@parley/contracts/state';
import { holderOf } from '../src/conversation.js';
import type { Decision } from '../src/decision.js';
import { foldLogs } from '../src/fold.js';
import { act, someAction } from './anybody.js';
import { given } from './given.js';
import * as life from './life.js';
import { must } from './life.js';
import { Thread, type Held } from './thread.js';

/**
 * The model test: threads driven by whatever anybody may send, checked against the invariants of reliability.md,
 * section 3, that need no machine beneath. On a failure fast-check prints the seed, the path and the shortest history;
 * `PARLEY_MODEL_SEED=<seed>` runs it again, `PARLEY_MODEL_RUNS=13000` runs a million commands.
 */
const RUNS = Number(process.env['PARLEY_MODEL_RUNS'] ?? 1_250);
const ACTIONS = 100;
const SEED = Number(process.env['PARLEY_MODEL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

function check({ state, life: logs, bySequence, room }: Held, at: number): void {
  life.isOneLine(logs);
  life.isSaidInPlace(logs);
  for (let episode = 1; episode <= state.episode; episode += 1) {
    life.endsOnce(logs, episode);
    life.isSurveyedOnce(logs, episode);
    life.attributesRightly(logs, episode);
    life.isNeverEarly(logs, episode);
  }
  must(
    state.closings.length === logs.events.filter(life.isEnding).length,
    'first records are not its ends',
    state.closings,
  );
  must(room === holderOf(state), 'I9: leases taken and freed are not the room held', { room, status: state.status });
  const sequence = 1 + (at % state.sequence);
  isFoldOf(state, foldLogs(logs.events, logs.said));
  isFoldOf(bySequence[sequence], foldLogs(logs.events, logs.said, { sequence }));
}

/** X6: but for its successor, of which its own logs say nothing. */
function isFoldOf(state: Conversation | undefined, fold: Conversation | undefined): void {
  const folded = { ...fold, nextConversationId: state?.nextConversationId };
  if (!isDeepStrictEqual(folded, state)) expect(folded).toEqual(state);
}

/** How often each event, refusal and outcome was seen: a run that never met a rule has not tested it. */
class Tally {
  decisions = 0;
  private readonly seen = new Set<string>();

  hear(decision: Decision): void {
    this.decisions += 1;
    if (decision.kind === 'decided') decision.events.forEach(({ type }) => this.seen.add(type));
    else if (decision.kind === 'refused') this.seen.add(decision.reason);
    else this.seen.add(decision.kind === 'unchanged' ? decision.outcome : decision.kind);
  }
  missing(): string[] {
    const events = Object.keys(LIFECYCLE_EVENTS).map((name) => `conversation.${name}`);
    return [...REASON_CODES, 'already-closed', 'unchanged', 'ask-lease', ...events].filter(
      (name) => !this.seen.has(name),
    );
  }
}

test('X1, X2, X3, X6: whatever anybody sends, the invariants hold', () => {
  const tally = new Tally();
  fc.assert(
    fc.property(fc.array(someAction, { minLength: ACTIONS, maxLength: ACTIONS }), fc.nat(), (actions, at) => {
      const thread = new Thread((decision) => tally.hear(decision));
      thread.visitorWrites(given().world.start, undefined);
      for (const action of actions) act(thread, action);
      for (const held of thread.conversations) check(held, at);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  expect({ seed: SEED, missing: tally.missing() }).toEqual({ seed: SEED, missing: [] });
  expect(tally.decisions).toBeGreaterThanOrEqual(RUNS * 80);
}, 60_000);
