import { describe, expect, test } from '@jest/globals';
import {
  administrator,
  after,
  agentWrote,
  ana,
  assignedTo,
  ben,
  cancel,
  cancelled,
  close,
  closeBy,
  closed,
  DAY_MS,
  deadline,
  done,
  endSession,
  erase,
  event,
  expertWrote,
  fold,
  said,
  given,
  manager,
  onPaidCampaign,
  pause,
  paymentVoided,
  pick,
  policy,
  preset,
  program,
  reassign,
  returnToQueue,
  sellia,
  social,
  superAdministrator,
  surveySuppressed,
  T0,
  trackTransaction,
  visitorWrote,
  zendesk,
  type Step,
} from './given.js';

/** Four people who must never share a field (mission.md). */
const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const reassignedTo = (to: string): Step => done(reassign({ to }));

describe('A8: on a paid campaign the last expert to write is not paid when a supervisor closed', () => {
  const paid: Step[] = [onPaidCampaign, ...withAna, expertWrote(ana)];

  test('A8: a supervisor’s close leaves the last expert unpaid', () => {
    expect(given(...paid).when(closeBy(manager)).then).toEqual([
      closed({ closeKind: 'supervisor', paymentExpert: null }),
      surveySuppressed('visitor-not-authenticated'),
      paymentVoided('ana'),
    ]);
  });
  test('A8: in bulk too', () => {
    const { then } = given(...paid).when(closeBy(superAdministrator, { bulk: true }));
    expect(then).toContainEqual(closed({ closeKind: 'bulk', paymentExpert: null }));
    expect(then).toContainEqual(paymentVoided('ana'));
  });
  test('A8: a supervisor’s cancel as well', () => {
    const { then } = given(preset('sellia-campaign'), ...paid).when(cancel());
    expect(then).toEqual([cancelled({ closeKind: 'supervisor', paymentExpert: null }), paymentVoided('ana')]);
  });
  test.each([
    ['the agent', close(), 'agent'],
    ['a program', closeBy(program), 'api'],
    ['a program in bulk', closeBy(program, { bulk: true }), 'bulk'],
    ['an erasure', erase(), 'api'],
  ] as const)('A8: closed by %s, the expert is paid', (_who, order, closeKind) => {
    const { then } = given(...paid).when(order);
    expect(then).toContainEqual(closed({ closeKind, paymentExpert: 'ana' }));
    expect(then.map(({ type }) => type)).not.toContain('conversation.payment-voided');
  });
  test('A8: so does a natural close', () => {
    const { then } = given(social, ...paid, after(7 * DAY_MS)).when(deadline());
    expect(then[0]).toEqual(closed({ closeKind: 'natural', paymentExpert: 'ana' }));
  });
  test('A8: the last expert to write, not the one it is assigned to', () => {
    const { then } = given(...paid, reassignedTo('ben')).when(closeBy(manager));
    expect(then[0]).toEqual(closed({ statsAgent: 'ben', paymentExpert: null }));
    expect(then[2]).toEqual(paymentVoided('ana'));
  });
  test('A8: nobody wrote, nobody goes unpaid', () => {
    const { then } = given(onPaidCampaign, ...withAna).when(closeBy(manager));
    expect(then).toEqual([closed({ paymentExpert: null }), surveySuppressed('visitor-not-authenticated')]);
  });
  test('A8: on any other campaign nobody is paid and nothing is void', () => {
    const { then } = given(...withAna, agentWrote(ana)).when(closeBy(manager));
    expect(then).toEqual([closed({ paymentExpert: null }), surveySuppressed('visitor-not-authenticated')]);
  });
});

describe('A10: who closed', () => {
  test('A10: it stands in the closing record, without what the token allowed', () => {
    const { state } = given(...withAna).when(closeBy(manager));
    expect(state).toMatchObject({
      status: 'closed',
      closing: { closeKind: 'supervisor', closedBy: { kind: 'supervisor', id: 'manager-1', role: 'manager' } },
    });
    expect(Object.keys(state.closings[0]?.closing.closedBy ?? {})).toEqual(['kind', 'id', 'role']);
  });
  test('A10: a natural close was nobody’s but the system’s', () => {
    const { then } = given(social, ...withAna, after(7 * DAY_MS)).when(deadline());
    expect(then[0]).toEqual(closed({ closedBy: { kind: 'system', id: 'system', role: 'system' } }));
  });
});

describe('A11: it counts for the agent on whose panel it was, at the moment of this close', () => {
  test('A11: a supervisor closes, the assignee’s statistics have it, and its closing time', () => {
    const { then } = given(...withAna, after(60_000)).when(closeBy(manager));
    expect(then[0]).toEqual(
      closed({ statsAgent: 'ana', closedAt: '2026-11-21T10:01:00.000Z', startedAt: T0, deadlineAt: null }),
    );
  });
  test.each([
    ['pending: nobody', [visitorWrote], null],
    ['of a flow: nobody', [policy({ flowSteps: 1 }), visitorWrote], null],
    ['returned to the queue: nobody', [...withAna, done(returnToQueue())], null],
    ['paused: who paused it', [social, ...withAna, done(pause())], 'ana'],
    [
      'in wrap-up: whose session it was',
      [zendesk, policy({ supervisorVerb: 'close', supervisorFrom: ['wrap-up'] }), ...withAna, done(endSession())],
      'ana',
    ],
    ['reassigned: who has it now', [...withAna, agentWrote(ana), reassignedTo('ben')], 'ben'],
    ['picked from the paused ones: who picked', [social, ...withAna, done(pause()), done(pick(ben))], 'ben'],
  ] as [string, Step[], string | null][])('A11: %s', (_name, steps, statsAgent) => {
    expect(given(...steps).when(closeBy(manager)).then[0]).toEqual(closed({ statsAgent }));
  });
});

describe('A12: a sale goes to the last advisor who sent a message', () => {
  test('A12: not to the assignee, not to the closer', () => {
    const ended = given(...withAna, agentWrote(ana), reassignedTo('ben'), done(closeBy(manager)));
    expect(ended.state).toMatchObject({ closing: { statsAgent: 'ben', transactionAgent: 'ana' } });
    expect(ended.when(trackTransaction()).then).toEqual([
      event('conversation.transaction-tracked', {
        transactionAgent: 'ana',
        amountMinor: 1999,
        currency: 'EUR',
        transactionAt: T0,
      }),
    ]);
  });
  test('A12: while it lives, to the last one so far', () => {
    const { then } = given(...withAna, agentWrote(ana), reassignedTo('ben'), agentWrote(ben)).when(trackTransaction());
    expect(then).toEqual([event('conversation.transaction-tracked', { transactionAgent: 'ben' })]);
  });
  test('A12: nobody wrote, nobody has it', () => {
    expect(given(...withAna).when(trackTransaction()).then).toEqual([
      event('conversation.transaction-tracked', { transactionAgent: null }),
    ]);
  });
  test('A12: a message told without its agent leaves the last one known', () => {
    const { world } = given(...withAna, agentWrote(ana));
    expect(fold(world, said(world, 'agent', null)).state).toMatchObject({ lastSender: 'ana' });
  });
});

test('the four are decided once: what comes after the end changes none of them', () => {
  const ended = given(onPaidCampaign, ...withAna, expertWrote(ana), done(close()));
  const { closing } = ended.state as { closing?: unknown };
  const { state } = given(() => ended.world, done(trackTransaction())).when(
    trackTransaction({ transactionId: 'sale-2' }),
  );
  expect(state).toMatchObject({ closing });
});

test('a cancel has its four people too, and no survey', () => {
  const { then } = given(sellia, ...withAna, agentWrote(ana), reassignedTo('ben')).when(
    cancel({ caller: administrator }),
  );
  expect(then).toEqual([
    cancelled({
      statsAgent: 'ben',
      transactionAgent: 'ana',
      paymentExpert: null,
      closedBy: { kind: 'supervisor', id: 'administrator-1', role: 'administrator' },
    }),
  ]);
});
