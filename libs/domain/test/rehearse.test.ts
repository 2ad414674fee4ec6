import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '@parley/contracts/reason';
import { rehearse, type Rehearsed } from '../src/rehearse.js';
import {
  addNote,
  agentWrote,
  ana,
  assignedTo,
  ben,
  close,
  closeBy,
  done,
  given,
  hasNext,
  manager,
  noRoom,
  pause,
  qualify,
  reassign,
  resume,
  social,
  visitorWrote,
  zendesk,
  type Order,
  type Step,
} from './given.js';

const active: Step[] = [visitorWrote, assignedTo(ana), agentWrote(ana)];
const closed: Step[] = [...active, done(close())];

function rehearsed(steps: Step[], order: Order, ...against: ReasonCode[]): Rehearsed {
  const { world, state } = given(...steps);
  const facts = { presence: world.presence, rulesVersion: 1 };
  const beside = against.length > 0 ? ([against] as const) : [];
  const answer = rehearse(state, order(world), facts, world.now, ...beside);
  if (answer.outcome.kind === 'refused') expect(answer.after).toBe(state);
  return answer;
}
const verdict = (steps: Step[], order: Order, ...against: ReasonCode[]): string => {
  const { outcome } = rehearsed(steps, order, ...against);
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind === 'done' ? outcome.outcome : outcome.kind;
};

describe('a rehearsal answers as the conversation would', () => {
  test('A6: a close: outcome, state after it, effects', () => {
    const { outcome, after } = rehearsed([visitorWrote, assignedTo(ana)], closeBy(manager));
    expect(outcome).toMatchObject({
      kind: 'done',
      outcome: 'closed',
      sequence: 5,
      conversation: { status: 'closed', sequence: 5 },
    });
    expect(outcome.kind === 'done' && outcome.effects.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['counts-for', 'capacity-freed', 'leaves-panel']),
    );
    expect(after).toEqual(given(visitorWrote, assignedTo(ana)).when(closeBy(manager)).state);
  });

  test('A10: a repeat: already closed, with the first record', () => {
    const { outcome, after } = rehearsed(closed, closeBy(manager));
    expect(outcome).toMatchObject({
      kind: 'done',
      outcome: 'already-closed',
      sequence: 5,
      conversation: { status: 'closed', closing: { closedBy: { id: 'ana' } } },
      effects: [],
    });
    expect(after).toEqual(given(...closed).state);
  });

  test('what changes nothing stands where it stood', () => {
    const { sequence } = given(...active).state;
    expect(rehearsed(active, qualify({ tags: [] })).outcome).toMatchObject({ outcome: 'unchanged', sequence });
  });

  test('a refusal with the sequence at which it was given', () => {
    expect(rehearsed([zendesk, visitorWrote], closeBy(manager)).outcome).toEqual({
      kind: 'refused',
      reason: 'FEATURE_DISABLED',
      currentSequence: 2,
      nextConversationId: null,
    });
  });

  test('D4: what hangs on a lease that was not looked for is not known', () => {
    const { outcome, after } = rehearsed(active, reassign({ lease: undefined }));
    expect(outcome).toEqual({ kind: 'behind' });
    expect(after).toEqual(given(...active).state);
  });
});

describe('what stands against a command beside its rule', () => {
  test('B7: a close that asks for what is not there yet is refused in its place of the order', () => {
    expect(verdict(active, close())).toBe('closed');
    expect(verdict(active, close(), 'FEATURE_DISABLED')).toBe('FEATURE_DISABLED');
    expect(verdict(active, close({ ifSequence: 1 }), 'FEATURE_DISABLED')).toBe('STALE_VERSION');
    expect(verdict(active, closeBy(ben), 'FEATURE_DISABLED')).toBe('FORBIDDEN_SCOPE');
    const paused = [social, ...active, done(pause())];
    expect(verdict(paused, resume({ lease: noRoom }))).toBe('CAPACITY_FULL');
    expect(verdict(paused, resume({ lease: noRoom }), 'FEATURE_DISABLED')).toBe('FEATURE_DISABLED');
  });

  test('X4: one that ended is already closed, or stale, before anything else is said', () => {
    expect(verdict(closed, closeBy(ana), 'FEATURE_DISABLED')).toBe('already-closed');
    expect(verdict([...closed, hasNext], pause({ caller: ana }), 'FEATURE_DISABLED')).toBe('STALE_TARGET');
  });

  test('B9: after the run nothing is added to a conversation any more, and what changes nothing is no refusal', () => {
    const gone: ReasonCode = 'NOT_ELIGIBLE_STATE';
    const byAna = { caller: ana };
    expect(verdict(closed, qualify({ tags: ['refund'], ...byAna }))).toBe('qualified');
    expect(verdict(closed, qualify({ tags: ['refund'], ...byAna }), gone)).toBe(gone);
    expect(verdict(closed, addNote(byAna), gone)).toBe(gone);
    expect(verdict(closed, qualify({ tags: [], ...byAna }), gone)).toBe('unchanged');
    expect(verdict(closed, qualify({ tags: ['a'], ifSequence: 1, ...byAna }), gone)).toBe('STALE_VERSION');
    expect(verdict(closed, closeBy(ana), gone)).toBe('already-closed');
  });
});
