import { describe, expect, test } from '@jest/globals';
import { durationOf } from '../src/conversation/tell.js';
import { explained } from '../src/conversation/explain.js';
import { agent, Lived, supervisor } from './lived.js';

const why = (lived: Lived, now = lived.now) => {
  const { state, events: life } = lived;
  if (state === undefined) throw new Error('nothing has begun');
  return explained({ state, life, refused: [], availableCommands: [], now, language: 'en' });
};

describe('why a conversation is as it is, and what it waits for (X6)', () => {
  test('pending: for an agent', () => {
    expect(why(new Lived().says())).toMatchObject({
      status: 'pending',
      pendingReason: 'in-queue',
      why: { type: 'conversation.queued', sequence: 2 },
      waitsFor: { what: 'agent', text: 'For an agent to take it.' },
    });
  });

  test('assigned: for the first message of its agent', () => {
    expect(why(new Lived().says().assigned('eva'))?.waitsFor.text).toBe('For the first message of eva.');
  });

  test('B12: the clock worked out, from the last message of either side', () => {
    const lived = new Lived().says().assigned().answers();
    const answer = why(lived, '2026-03-21T11:03:00.000Z');
    expect(answer?.clock).toEqual({
      startedFrom: '2026-03-21T10:03:00.000Z',
      inactivityMs: 604_800_000,
      deadlineAt: '2026-03-28T10:03:00.000Z',
      runs: true,
      text: '2026-03-21T10:03:00.000Z + 7 days without a message from either side = 2026-03-28T10:03:00.000Z.',
    });
    expect(answer?.waitsFor).toMatchObject({ what: 'deadline', remainingMs: 604_800_000 - 3_600_000 });
  });

  test('paused: for the customer; where policy has no clock there is none', () => {
    expect(why(new Lived().says().assigned().answers().does({ type: 'pause' }, agent('agent-1')))?.waitsFor.what).toBe(
      'visitor-message',
    );
    expect(why(new Lived('sellia-campaign').says())?.clock).toBeNull();
  });

  test('ended: for nothing; the cause is the event that ended it, not what came after', () => {
    const lived = new Lived().says().does({ type: 'close' }, supervisor('manager', 'team:support'));
    expect(why(lived)).toMatchObject({
      why: { type: 'conversation.closed', actor: { kind: 'supervisor', id: 'manager-1', role: 'manager' } },
      waitsFor: { what: 'nothing', deadlineAt: null, remainingMs: null },
      clock: { runs: false, deadlineAt: null },
    });
  });
});

test('B12: a policy’s silence in words', () => {
  expect([604_800_000, 5_400_000, 5_000, 1_500].map((ms) => durationOf(ms, 'en'))).toEqual([
    '7 days',
    '90 minutes',
    '5 seconds',
    '1.5 seconds',
  ]);
  expect([durationOf(604_800_000, 'fr'), durationOf(86_400_000, 'es')]).toEqual(['7\u00A0jours', '1 día']);
});
