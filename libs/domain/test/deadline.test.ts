import { describe, expect, test } from '@jest/globals';
import { dueAt, plusMs, withClock } from '../src/due-at.js';
import {
  T0,
  DAY_MS,
  after,
  agentWrote,
  ana,
  assign,
  assignedTo,
  close,
  closed,
  deadline,
  done,
  endSession,
  event,
  fold,
  given,
  hasNext,
  pause,
  policy,
  preset,
  refused,
  requeue,
  returnToQueue,
  said,
  sellia,
  social,
  surveyRequested,
  unchanged,
  visitorWrote,
  zendesk,
  type Step,
} from './given.js';
import type { Conversation } from '@parley/contracts/state';

const WEEK_MS = 7 * DAY_MS;
const withAna: Step[] = [social, visitorWrote, assignedTo(ana)];
const byAgent = agentWrote(ana);

describe('B12: seven days without a message from either side', () => {
  test.each([
    ['the visitor’s message', [visitorWrote]],
    ['the agent’s', [assignedTo(ana), byAgent]],
  ] as [string, Step[]][])('B12: %s starts the clock again', (_name, steps) => {
    const { state } = given(social, visitorWrote, after(DAY_MS), ...steps);
    expect(state.deadlineAt).toBe(plusMs(T0, DAY_MS + WEEK_MS));
    expect(dueAt(state)).toBe(state.deadlineAt);
  });
  test.each([
    ['waiting', [visitorWrote]],
    ['with the bot', [policy({ flowSteps: 1 }), visitorWrote]],
    ['requeued', [visitorWrote, after(DAY_MS), done(requeue('out-of-hours'))]],
    ['assigned', [visitorWrote, after(DAY_MS), done(assign())]],
    ['paused', [visitorWrote, assignedTo(ana), after(DAY_MS), done(pause())]],
    ['returned', [visitorWrote, assignedTo(ana), after(DAY_MS), done(returnToQueue())]],
  ] as [string, Step[]][])('B12: nothing else moves it: %s', (_name, steps) => {
    expect(given(social, ...steps).state.deadlineAt).toBe(plusMs(T0, WEEK_MS));
  });
  test('B12: closed and archived by itself, on the deadline and not before', () => {
    const almost = given(...withAna, after(WEEK_MS - 1));
    expect(almost.when(deadline()).decision).toEqual(unchanged);
    const { then, state, decision } = given(...withAna, after(WEEK_MS)).when(deadline());
    expect(decision).toMatchObject({ outcome: 'closed' });
    expect(then).toEqual([
      closed({
        closeKind: 'natural',
        deadlineAt: plusMs(T0, WEEK_MS),
        closedAt: plusMs(T0, WEEK_MS),
        reason: 'natural',
        statsAgent: 'ana',
      }),
      surveyRequested,
      event('conversation.archived', { statusTo: 'closed', reason: 'natural' }),
    ]);
    expect(then.map(({ actor }) => actor.kind)).toEqual(['system', 'system', 'system']);
    expect(state).toMatchObject({ status: 'closed', archived: true, deadlineAt: null });
    expect(dueAt(state)).toBeNull();
  });
  test('X2: after an outage it says both when it should have been and when it was', () => {
    const { then } = given(...withAna, after(WEEK_MS + 60_000)).when(deadline());
    expect(then[0]).toEqual(closed({ deadlineAt: plusMs(T0, WEEK_MS), closedAt: plusMs(T0, WEEK_MS + 60_000) }));
  });
  test('X2: an outage between taking a message and placing it shortens nothing', () => {
    const { world } = given(...withAna, after(DAY_MS));
    const late = { ...said(world, 'visitor', null), acceptedAt: plusMs(T0, 1000) };
    expect(fold(world, late).state?.deadlineAt).toBe(plusMs(T0, WEEK_MS + 1000));
  });
  test('of two taken at one instant the one that was placed later is the last', () => {
    expect(given(...withAna, byAgent).state).toMatchObject({ lastMessageAt: T0, lastMessageFrom: 'agent' });
  });
  test('X2: a message that was taken before another moves nothing back, and is counted', () => {
    const { world } = given(...withAna, after(DAY_MS), byAgent);
    const late = { ...said(world, 'visitor', null), acceptedAt: plusMs(T0, 1000) };
    expect(fold(world, late).state).toMatchObject({
      deadlineAt: plusMs(T0, DAY_MS + WEEK_MS),
      lastMessageFrom: 'agent',
      messageCounts: { visitor: 2, agent: 1 },
    });
  });
  test.each([preset('iadvize-onsite'), sellia, zendesk])('B12: no clock elsewhere', (where) => {
    const { state, when } = given(where, visitorWrote, after(10 * WEEK_MS));
    expect(dueAt(state)).toBeNull();
    expect(when(deadline()).decision).toEqual(unchanged);
  });
  test('a manual close stops the clock and archives nothing', () => {
    const { state, when } = given(...withAna, done(close()));
    expect(state).toMatchObject({ deadlineAt: null, archived: false });
    expect(when(deadline()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
    expect(given(...withAna, done(close()), hasNext).when(deadline()).decision).toEqual(refused('STALE_TARGET'));
  });
  test('only the workflow itself says that the time has come', () => {
    expect(given(...withAna, after(WEEK_MS)).when(deadline({ caller: ana })).decision).toEqual(
      refused('FORBIDDEN_ROLE'),
    );
  });
});

describe('where the clock runs is policy', () => {
  const onlyPaused = policy({ inactivityFrom: ['paused'] });
  test('it starts with the situation, from the last message', () => {
    const { state } = given(social, onlyPaused, visitorWrote, assignedTo(ana), after(DAY_MS), done(pause()));
    expect(state.deadlineAt).toBe(plusMs(T0, WEEK_MS));
  });
  test('it stops with the situation', () => {
    const { state } = given(social, onlyPaused, visitorWrote, assignedTo(ana), done(pause()), visitorWrote);
    expect(state).toMatchObject({ status: 'pending', deadlineAt: null });
  });
  test('in wrap-up it stands still', () => {
    const { state } = given(
      ...withAna.slice(0, 1),
      policy({ endSession: true }),
      ...withAna.slice(1),
      done(endSession()),
    );
    expect(state).toMatchObject({ status: 'wrap-up', deadlineAt: null });
  });
  test('before any message it runs from the start', () => {
    const { world } = given(social, visitorWrote);
    const silent: Conversation = { ...given(() => world).state, lastMessageAt: null, deadlineAt: null };
    expect(withClock(silent).deadlineAt).toBe(plusMs(T0, WEEK_MS));
  });
});

describe('warnings', () => {
  const warned: Step[] = [
    social,
    policy({ inactivityWarningsMs: [3_600_000, DAY_MS, WEEK_MS, 30 * DAY_MS] }),
    visitorWrote,
    assignedTo(ana),
  ];
  const dayBefore = WEEK_MS - DAY_MS;
  const hourBefore = WEEK_MS - 3_600_000;
  const warn = done(deadline());

  test('the longest before the end comes first; one as long as the silence itself never', () => {
    expect(dueAt(given(...warned).state)).toBe(plusMs(T0, dayBefore));
    expect(given(...warned, after(dayBefore - 1)).when(deadline()).decision).toEqual(unchanged);
    const { then, state, decision } = given(...warned, after(dayBefore)).when(deadline());
    expect(decision).toMatchObject({ outcome: 'inactivity-warned' });
    expect(then).toEqual([
      event('conversation.inactivity-warned', {
        beforeMs: DAY_MS,
        deadlineAt: plusMs(T0, WEEK_MS),
        statusTo: 'assigned',
      }),
    ]);
    expect(dueAt(state)).toBe(plusMs(T0, hourBefore));
  });
  test('each once', () => {
    const { when } = given(...warned, after(dayBefore), warn);
    expect(when(deadline()).decision).toEqual(unchanged);
  });
  test('then the next, then the end', () => {
    const { state } = given(...warned, after(dayBefore), warn, after(hourBefore - dayBefore), warn);
    expect(dueAt(state)).toBe(plusMs(T0, WEEK_MS));
    const { then } = given(...warned, after(dayBefore), warn, after(DAY_MS)).when(deadline());
    expect(then[0]).toEqual(closed({ closeKind: 'natural' }));
  });
  test('one that an outage made untrue is passed over', () => {
    const { then, state } = given(...warned, after(hourBefore)).when(deadline());
    expect(then).toEqual([event('conversation.inactivity-warned', { beforeMs: 3_600_000 })]);
    expect(dueAt(state)).toBe(plusMs(T0, WEEK_MS));
  });
  test('a message gives all of them anew; a new situation does not', () => {
    expect(given(...warned, after(dayBefore), warn, byAgent).state.warningsGiven).toBe(0);
    expect(given(...warned, after(dayBefore), warn, done(pause())).state.warningsGiven).toBe(1);
  });
  test('where there is no clock a warning of another policy counts for none', () => {
    const [warning] = given(...warned, after(dayBefore)).when(deadline()).then;
    const { world } = given(visitorWrote);
    expect(warning && fold(world, warning).state?.warningsGiven).toBe(0);
  });
});

describe('a session that ends by silence', () => {
  const silence = policy({ inactivityMs: WEEK_MS, inactivityFrom: ['pending:in-queue', 'assigned', 'active'] });

  test('E4: ends, and the ticket stays open', () => {
    const { then, decision } = given(zendesk, silence, visitorWrote, assignedTo(ana), after(WEEK_MS)).when(deadline());
    expect(decision).toMatchObject({ outcome: 'session-ended' });
    expect(then).toEqual([
      event('conversation.session-ended', { sessionEndReason: 'inactivity', statusTo: 'wrap-up' }),
    ]);
  });
  test('B12: with nobody assigned there is no session, so it closes', () => {
    const { then } = given(zendesk, silence, visitorWrote, after(WEEK_MS)).when(deadline());
    expect(then[0]).toEqual(closed({ closeKind: 'natural' }));
  });
  test('B12: where sessions do not end so, it closes', () => {
    const { then } = given(
      zendesk,
      silence,
      policy({ sessionEndsBy: ['end-user'] }),
      visitorWrote,
      assignedTo(ana),
      after(WEEK_MS),
    ).when(deadline());
    expect(then[0]).toEqual(closed({ closeKind: 'natural' }));
  });
});
