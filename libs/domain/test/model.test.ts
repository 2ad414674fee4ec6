import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { COMMANDS, type Command, type EpisodeStart, type Lease } from '@parley/contracts/command';
import { LIFECYCLE_EVENTS } from '@parley/contracts/lifecycle-event';
import { PresetName } from '@parley/contracts/policy';
import { REASON_CODES } from '@parley/contracts/reason';
import type { Conversation } from '@parley/contracts/state';
import { holderOf, ownerOf } from '../src/conversation.js';
import { foldLogs } from '../src/fold.js';
import { presets } from '../src/presets.js';
import {
  administrator,
  agent,
  ana,
  auditor,
  ben,
  given,
  manager,
  program,
  superAdministrator,
  system,
  visitor,
} from './given.js';
import * as life from './life.js';
import { must } from './life.js';
import { Thread, type Held } from './thread.js';

/**
 * The model test: threads driven by whatever anybody may send, checked against the invariants of reliability.md,
 * section 3, that need no machine beneath. On a failure fast-check prints the seed, the path and the shortest history;
 * `PARLEY_MODEL_SEED=<seed>` runs it again, `PARLEY_MODEL_RUNS=13000` runs a million commands.
 */
const RUNS = Number(process.env['PARLEY_MODEL_RUNS'] ?? 2_000);
const ACTIONS = 100;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const LEASES: (Lease | undefined)[] = [
  { granted: 'lease' },
  { granted: 'lease' },
  { refused: 'CAPACITY_FULL' },
  { refused: 'TARGET_UNAVAILABLE' },
  undefined,
];
const someLease = fc.constantFrom(...LEASES);
const stranger = { ...agent('eva'), scopes: ['team:experts'] };
const bare = { ...program, scopes: ['read:events'] };
const CALLERS = [
  ana,
  ben,
  manager,
  administrator,
  superAdministrator,
  system,
  program,
  visitor,
  auditor,
  stranger,
  bare,
];

const someStart = fc.record({
  preset: fc.constantFrom(...PresetName.options),
  values: fc.record(
    {
      pause: fc.boolean(),
      pauseReleasesCapacity: fc.boolean(),
      inactivityMs: fc.constantFrom(HOUR_MS, 7 * DAY_MS),
      inactivityWarningsMs: fc.constantFrom([], [HOUR_MS, DAY_MS], [DAY_MS]),
      endSession: fc.constant(true),
      comment: fc.constantFrom('off', 'optional', 'required'),
      categoryToClose: fc.constantFrom('optional', 'required'),
      afterCancelled: fc.constant('reactivate'),
      editsAfterClose: fc.constantFrom([], ['tags'], ['tags', 'notes']),
      integrationVerbs: fc.constant(['pause', 'close', 'cancel', 'reassign']),
      flowSteps: fc.constant(1),
    },
    { requiredKeys: [] },
  ),
  version: fc.integer({ min: 1, max: 3 }),
  paidPerConversation: fc.boolean(),
  surveyOn: fc.boolean(),
  channelKind: fc.constantFrom('site', 'third-party'),
});

const types = Object.keys(COMMANDS).filter((type) => type !== 'start' && type !== 'reactivate') as Command['type'][];
const someCommand = fc.record({
  type: fc.constantFrom(
    ...types,
    'message',
    'message',
    'assign',
    'assign',
    'assign',
    'handOver',
    'handOver',
    'close',
    'pause',
  ),
  /** Most are sent by somebody who might; the rest by anybody. */
  caller: fc.option(fc.constantFrom(...CALLERS), { nil: undefined, freq: 2 }),
  back: fc.constantFrom(0, 0, 0, 0, 1, 2),
  episode: fc.constantFrom(undefined, undefined, undefined, undefined, 1, 2),
  ifSequence: fc.constantFrom(undefined, undefined, undefined, undefined, 3),
  lease: someLease,
  to: fc.constantFrom('ana', 'ben'),
  fields: fc.record(
    {
      tags: fc.constantFrom([], ['refund'], ['refund', 'late']),
      category: fc.constantFrom('order', 'spam'),
      subcategory: fc.constant('late'),
      subcategoryOf: fc.constantFrom('order', null),
      noteId: fc.constantFrom('note-1', 'note-2'),
      commentId: fc.constant('comment-1'),
      bulk: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
});
const someAction = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('command' as const), command: someCommand }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('visitor' as const), start: someStart, lease: someLease }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 1000, HOUR_MS, 6 * DAY_MS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('timer' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('presence' as const), online: fc.boolean(), authenticated: fc.boolean() }),
  },
);
type Action = typeof someAction extends fc.Arbitrary<infer A> ? A : never;
type Asked = Extract<Action, { kind: 'command' }>['command'];

function startOf({ preset, values, version, ...rest }: Extract<Action, { kind: 'visitor' }>['start']): EpisodeStart {
  const policy = { name: preset, version, ...presets[preset], ...values };
  return { ...given().world.start, ...rest, policy } as EpisodeStart;
}

/** A command as its sender would fill it in; whoever has the conversation, unless somebody else was drawn. */
function commandOf(state: Conversation, asked: Asked, now: string): Command {
  const { type, fields, to, lease, episode, ifSequence } = asked;
  const caller = asked.caller ?? likely(state, type);
  const base = { commandId: 'cmd:1', caller, episode, ifSequence, ...fields };
  const author = caller.kind === 'agent' || caller.kind === 'integration' ? 'agent' : 'visitor';
  const byType: Partial<Record<Command['type'], object>> = {
    message: { author, agentId: ownerOf(state) ?? undefined, messageId: 'msg_1', acceptedAt: now, length: 1, lease },
    requeue: { pendingReason: 'icr' },
    assign: { to: caller.kind === 'agent' ? caller.id : to, lease: lease ?? { granted: 'lease' } },
    resume: { lease: lease ?? { granted: 'lease' } },
    reassign: { to, lease },
    addNote: { noteId: 'note-1', ...fields },
    trackTransaction: { transactionId: 'sale', amountMinor: 100, currency: 'EUR', at: now },
    answerSurvey: { surveyId: 'survey', score: 3 },
    rate: { exchange: 3, tool: 5 },
  };
  return { type, ...base, ...byType[type] } as Command;
}

function likely(state: Conversation, type: Command['type']) {
  if (['requeue', 'assign', 'handOver', 'deadline', 'visitorLeft', 'answerSurvey', 'erase'].includes(type))
    return system;
  if (type === 'cancel') return superAdministrator;
  return agent(ownerOf(state) ?? 'ana');
}

function act(thread: Thread, action: Action): void {
  if (action.kind === 'wait') return thread.wait(action.ms);
  if (action.kind === 'presence')
    return void (thread.presence = { online: action.online, authenticated: action.authenticated });
  if (action.kind === 'timer') return thread.timerFires();
  if (action.kind === 'visitor') return thread.visitorWrites(startOf(action.start), action.lease);
  const held = thread.conversations.at(-1 - action.command.back) ?? thread.newest;
  // An erasure ends everything, so that most threads are spared it.
  const isSpared = action.command.type === 'erase' && action.command.ifSequence === undefined;
  if (held && !isSpared) thread.command(held, commandOf(held.state, action.command, thread.now));
}

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
  expect({ ...foldLogs(logs.events, logs.said), nextConversationId: state.nextConversationId }).toEqual(state);
  const sequence = 2 + (at % (state.sequence - 1 || 1));
  const then = bySequence[sequence];
  if (then) expect(foldLogs(logs.events, logs.said, { sequence })).toEqual({ ...then, nextConversationId: null });
}

test('X1, X2, X3, X6: whatever anybody sends, the invariants hold', () => {
  let commands = 0;
  const seen = new Set<string>();
  const hear = (_command: Command, decision: Parameters<ConstructorParameters<typeof Thread>[0]>[1]) => {
    commands += 1;
    if (decision.kind === 'refused') seen.add(decision.reason);
    else seen.add(decision.kind === 'unchanged' ? decision.outcome : decision.kind);
    if (decision.kind === 'decided') decision.events.forEach(({ type }) => seen.add(type));
  };
  const seed = process.env['PARLEY_MODEL_SEED'];
  fc.assert(
    fc.property(fc.array(someAction, { minLength: ACTIONS, maxLength: ACTIONS }), fc.nat(), (actions, at) => {
      const thread = new Thread(hear);
      thread.visitorWrites(given().world.start, undefined);
      for (const action of actions) act(thread, action);
      for (const held of thread.conversations) check(held, at);
    }),
    { numRuns: RUNS, ...(seed !== undefined && { seed: Number(seed) }) },
  );
  expect(commands).toBeGreaterThanOrEqual(RUNS * 50);
  // A run that never met a rule has not tested it.
  const all = [...REASON_CODES, 'already-closed', 'unchanged', 'ask-lease', 'decided'];
  const events = Object.keys(LIFECYCLE_EVENTS).map((name) => `conversation.${name}`);
  expect([...all, ...events].filter((name) => !seen.has(name))).toEqual([]);
}, 60_000);
