import { describe, expect, test } from '@jest/globals';
import type { Command } from '@parley/contracts/command';
import type { ReasonCode } from '@parley/contracts/reason';
import { succeededBy } from '@parley/domain/conversation';
import type { Conversation } from '@parley/contracts/state';
import { rehearse } from '../src/commands/rehearsal.js';
import { agent, Lived } from './lived.js';

const FACTS = { presence: { online: false, authenticated: false }, rulesVersion: 1 };
const me = agent('agent-1');
const active = (): Lived => new Lived('th_aaaaaaaaaaaaaaaaaaaaaa').says().assigned().answers();
const closed = (): Lived => active().does({ type: 'close' }, me);
const said = { commandId: 'cmd:2', caller: me };
const verdict = (state: Conversation, command: Command, ...against: ReasonCode[]): string => {
  const { outcome, after } = rehearse(state, command, FACTS, '2026-11-21T12:00:00.000Z', against);
  if (outcome.kind === 'refused') expect(after).toBe(state);
  return outcome.kind === 'refused' ? outcome.reason : outcome.kind === 'done' ? outcome.outcome : outcome.kind;
};

describe('what stands against a command beside its rule', () => {
  const close: Command = { type: 'close', ...said };

  test('B7: a close that asks for what is not there yet is refused in its place of the order', () => {
    const { state } = active();
    expect(verdict(state, close)).toBe('closed');
    expect(verdict(state, close, 'FEATURE_DISABLED')).toBe('FEATURE_DISABLED');
    expect(verdict(state, { ...close, ifSequence: 1 }, 'FEATURE_DISABLED')).toBe('STALE_VERSION');
    expect(verdict(state, { ...close, caller: agent('agent-2') }, 'FEATURE_DISABLED')).toBe('FORBIDDEN_SCOPE');
    const waiting = new Lived('th_aaaaaaaaaaaaaaaaaaaaaa').says().assigned().does({ type: 'pause' }, me);
    const bare: Command = { type: 'resume', ...said, lease: { refused: 'CAPACITY_FULL' } };
    expect(verdict(waiting.state, bare)).toBe('CAPACITY_FULL');
    expect(verdict(waiting.state, bare, 'FEATURE_DISABLED')).toBe('FEATURE_DISABLED');
  });

  test('X4: one that ended is already closed, or stale, before anything else is said', () => {
    const { state } = closed();
    expect(verdict(state, close, 'FEATURE_DISABLED')).toBe('already-closed');
    expect(verdict(succeededBy(state, 'cnv_next'), { type: 'pause', ...said }, 'FEATURE_DISABLED')).toBe(
      'STALE_TARGET',
    );
  });

  test('B9: after the run nothing is added to a conversation any more, and what changes nothing is no refusal', () => {
    const { state } = closed();
    const gone: ReasonCode = 'NOT_ELIGIBLE_STATE';
    expect(verdict(state, { type: 'qualify', ...said, tags: ['refund'] })).toBe('qualified');
    expect(verdict(state, { type: 'qualify', ...said, tags: ['refund'] }, gone)).toBe(gone);
    expect(verdict(state, { type: 'addNote', ...said, noteId: 'note_1' }, gone)).toBe(gone);
    expect(verdict(state, { type: 'qualify', ...said, tags: [] }, gone)).toBe('unchanged');
    expect(verdict(state, { type: 'qualify', ...said, tags: ['a'], ifSequence: 1 }, gone)).toBe('STALE_VERSION');
    expect(verdict(state, close, gone)).toBe('already-closed');
  });
});
