import { describe, expect, test } from '@jest/globals';
import { capacityOf } from '../src/effects.js';
import { presets } from '../src/presets.js';
import {
  addNote,
  agentWrote,
  ana,
  assignedTo,
  ben,
  close,
  closed,
  done,
  endSession,
  event,
  given,
  policy,
  preset,
  qualify,
  refused,
  reassign,
  sellia,
  social,
  surveySuppressed,
  system,
  visitor,
  visitorWrote,
  zendesk,
  type Step,
} from './given.js';

const withAna: Step[] = [zendesk, visitorWrote, assignedTo(ana)];
const active: Step[] = [...withAna, agentWrote(ana)];

describe('Zendesk: an agent ends the session', () => {
  test('E1: off until an administrator turns it on', () => {
    expect(presets['zendesk-messaging'].endSession).toBe(false);
    const off = given(preset('zendesk-messaging'), visitorWrote, assignedTo(ana));
    expect(off.when(endSession()).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(off.when(endSession({ caller: system, reason: 'end-user' })).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(given(...active).when(endSession()).state.status).toBe('wrap-up');
  });
  test.each([preset('iadvize-onsite'), social, sellia])('E1: other policies have no sessions to end', (where) => {
    expect(given(where, visitorWrote, assignedTo(ana)).when(endSession()).decision).toEqual(
      refused('FEATURE_DISABLED'),
    );
  });
  test.each([
    ['assigned', withAna],
    ['active', active],
  ])('E3, E9: from %s; it shows in the history, ended by agent', (statusFrom, steps) => {
    const { then } = given(...steps).when(endSession());
    expect(then).toEqual([
      event('conversation.session-ended', {
        ...{ statusFrom: statusFrom as 'active' },
        statusTo: 'wrap-up',
        sessionEndReason: 'agent',
        endedAgent: 'ana',
      }),
    ]);
  });
  test('E3: messaging is shut: no message of either side, no other agent', () => {
    const over = given(...active, done(endSession()));
    expect(over.when(reassign({ caller: ana })).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
    expect(over.when(endSession()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
    expect(given(zendesk, visitorWrote).when(endSession({ caller: system })).decision).toEqual(
      refused('NOT_ELIGIBLE_STATE'),
    );
  });
  test('only its own agent', () => {
    expect(given(...active).when(endSession({ caller: ben })).decision).toEqual(refused('FORBIDDEN_SCOPE'));
    expect(given(...active).when(endSession({ caller: visitor })).decision).toEqual(refused('FORBIDDEN_ROLE'));
  });
  test.each(['end-user', 'inactivity', 'system'] as const)(
    'E4: it ends otherwise where the policy says so: %s',
    (reason) => {
      const order = endSession({ caller: system, reason });
      expect(given(...active).when(order).then).toEqual([
        event('conversation.session-ended', { sessionEndReason: reason, reason, endedAgent: 'ana' }),
      ]);
      expect(given(zendesk, policy({ sessionEndsBy: [] }), visitorWrote, assignedTo(ana)).when(order).decision).toEqual(
        refused('FEATURE_DISABLED'),
      );
    },
  );
  test('E4: an agent ends it as agent, everything else as what it is', () => {
    expect(given(...active).when(endSession({ caller: system })).then).toEqual([
      event('conversation.session-ended', { sessionEndReason: 'system' }),
    ]);
    expect(given(...active).when(endSession({ reason: 'inactivity' })).decision).toEqual(refused('FORBIDDEN_ROLE'));
    expect(given(...active).when(endSession({ caller: system, reason: 'agent' })).decision).toEqual(
      refused('FORBIDDEN_ROLE'),
    );
  });
  test('E5: the agent’s messaging capacity is freed at once', () => {
    const { before, then } = given(...active).when(endSession());
    expect(capacityOf(before, then)).toEqual({ freed: 'ana', held: null });
  });
  test('E6: nothing of the ticket changes by itself', () => {
    const before = given(...active, done(qualify({ tags: ['refund'] })));
    const { state } = before.when(endSession());
    const { status, sequence, ...rest } = before.state;
    expect(state).toEqual({ ...rest, sequence: sequence + 1, status: 'wrap-up', sessionEndReason: 'agent' });
    expect(status).toBe('active');
  });
  test('E7: the messaging survey can no longer fire, neither then nor at the close of the ticket', () => {
    expect(given(...active).when(endSession()).state.survey).toBeNull();
    expect(given(...active, done(endSession())).when(close()).then).toEqual([
      closed(),
      surveySuppressed('only-by-trigger'),
    ]);
  });
  test('E8: internal notes and tags still work', () => {
    const over = given(...active, done(endSession()));
    expect(over.when(addNote()).state.notes).toEqual([expect.objectContaining({ id: 'note-1', afterClose: false })]);
    expect(over.when(qualify({ tags: ['refund'] })).state.tags).toEqual(['refund']);
  });
  test('E2: the ticket is made at the hand-over to people, one a conversation', () => {
    expect(given(zendesk, policy({ flowSteps: 1 }), visitorWrote).state.ticketId).toBeNull();
    const { ticketId, conversationId } = given(zendesk, visitorWrote).state;
    expect(ticketId).toBe(`tkt_${conversationId.slice('cnv_'.length)}`);
    expect(given(...active, done(endSession()), done(close())).state.ticketId).toBe(ticketId);
    expect(given(visitorWrote).state.ticketId).toBeNull();
  });
});
