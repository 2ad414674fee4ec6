import { describe, expect, test } from '@jest/globals';
import {
  administrator,
  agentWrote,
  ana,
  assignedTo,
  auditor,
  ben,
  cancel,
  cancelled,
  close,
  closeBy,
  closed,
  customerReturned,
  done,
  endSession,
  event,
  given,
  hasNext,
  manager,
  noRoom,
  offline,
  pause,
  policy,
  program,
  qualify,
  reactivate,
  reassign,
  refused,
  returnToQueue,
  sellia,
  social,
  superAdministrator,
  unchanged,
  visitor,
  visitorWrote,
  waitingFor,
  zendesk,
  type Step,
} from './given.js';
import { effectsOf } from '../src/effects.js';
import { placeMessage } from '../src/place.js';
import type { PendingReason } from '@parley/contracts/conversation';

const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const PENDING: PendingReason[] = ['in-queue', 'out-of-hours', 'agents-offline', 'icr', 'returned'];

describe('iAdvize: an administrator or manager closes', () => {
  test.each([manager, administrator, superAdministrator])('A3: $role may', (who) => {
    expect(given(visitorWrote).when(closeBy(who)).then).toContainEqual(closed({ closeKind: 'supervisor' }));
  });
  test.each([
    ['an auditor', auditor],
    ['a visitor', visitor],
  ])('A3: %s may not', (_name, who) => {
    expect(given(visitorWrote).when(closeBy(who)).decision).toEqual(refused('FORBIDDEN_ROLE'));
  });
  test('A3: an agent may not by this route: what is not its own stays closed to it', () => {
    expect(given(...withAna).when(closeBy(ben)).decision).toEqual(refused('FORBIDDEN_SCOPE'));
    expect(given(visitorWrote).when(closeBy(ben)).decision).toEqual(refused('FORBIDDEN_SCOPE'));
  });
  test.each([
    ...PENDING.map((reason) => [`pending: ${reason}`, [waitingFor(reason), visitorWrote]]),
    ['of the bot', [policy({ flowSteps: 2 }), visitorWrote]],
    ['assigned', withAna],
    ['ongoing', [...withAna, agentWrote(ana)]],
    ['paused', [social, ...withAna, done(pause())]],
    ['wrap-up', [policy({ endSession: true }), ...withAna, done(endSession())]],
  ] as [string, Step[]][])('A1, A4: every conversation that is not ended can be closed: %s', (_name, steps) => {
    expect(given(...steps).when(closeBy(manager)).state.status).toBe('closed');
  });
  test('A4: or only those that the policy lists', () => {
    const onlyPaused = given(policy({ supervisorFrom: ['paused'] }), ...withAna);
    expect(onlyPaused.when(closeBy(manager)).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('A5: a comment can be attached', () => {
    expect(given(...withAna).when(closeBy(manager, { commentId: 'c-1' })).then[0]).toEqual(
      closed({ commentId: 'c-1' }),
    );
    expect(given(...withAna).when(closeBy(manager)).then[0]).toEqual(closed({ commentId: null }));
  });
  test('A5: or must be, of a person', () => {
    const required = given(policy({ comment: 'required' }), ...withAna);
    expect(required.when(closeBy(manager)).decision).toEqual(refused('COMMENT_REQUIRED'));
    expect(required.when(closeBy(manager, { commentId: 'c-1' })).state.status).toBe('closed');
    expect(required.when(closeBy(program)).state.status).toBe('closed');
    expect(required.when(close()).state.status).toBe('closed');
  });
  test('A5: or cannot be', () => {
    const off = given(policy({ comment: 'off' }), ...withAna);
    expect(off.when(closeBy(manager, { commentId: 'c-1' })).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(off.when(closeBy(manager)).state.status).toBe('closed');
  });
  test('A6: the closer hears what it came to', () => {
    expect(given(...withAna).when(closeBy(manager)).decision).toMatchObject({ kind: 'decided', outcome: 'closed' });
  });
  test('A6: a repeat changes nothing and answers with the first record', () => {
    const { state, when } = given(...withAna, done(closeBy(manager)));
    expect(when(closeBy(superAdministrator)).decision).toEqual({
      kind: 'unchanged',
      outcome: 'already-closed',
      record: { sequence: 4, status: 'closed', closing: state.closings[0]?.closing },
    });
  });
  test('A7: it leaves the agent’s panel', () => {
    const { before, then } = given(...withAna).when(closeBy(manager));
    expect(effectsOf(before, then)).toContainEqual({ code: 'leaves-panel', data: {} });
  });
  test('a program closes where the policy lets programs close', () => {
    expect(given(...withAna).when(closeBy(program)).then[0]).toEqual(closed({ closeKind: 'api' }));
    expect(given(zendesk, visitorWrote).when(closeBy(program)).then[0]).toEqual(closed({ closeKind: 'api' }));
    expect(given(sellia, visitorWrote).when(closeBy(program)).decision).toEqual(refused('FEATURE_DISABLED'));
  });
  test('where the policy has no such verb, there is none', () => {
    expect(given(zendesk, ...withAna).when(closeBy(manager)).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(given(sellia, ...withAna).when(closeBy(superAdministrator)).decision).toEqual(refused('FEATURE_DISABLED'));
  });
});

const D5: [string, Step[]][] = [
  ['Assigned', withAna],
  ['In progress', [...withAna, agentWrote(ana)]],
  ['Out of hours', [waitingFor('out-of-hours'), visitorWrote]],
  ['Agents disconnected', [waitingFor('agents-offline'), visitorWrote]],
  ['ICR', [waitingFor('icr'), visitorWrote]],
];
const notD5: [string, Step[]][] = [
  ['in the queue', [visitorWrote]],
  ['returned', [...withAna, done(returnToQueue())]],
  ['with the bot', [policy({ flowSteps: 1 }), visitorWrote]],
  ['paused', [policy({ pause: true }), ...withAna, done(pause())]],
  ['in wrap-up', [policy({ endSession: true }), ...withAna, done(endSession())]],
];

describe('Sellia: an administrator cancels', () => {
  test.each([
    [administrator, 'cancelled'],
    [superAdministrator, 'cancelled'],
  ] as const)('D2: $role in its campaign, or everywhere', (who, outcome) => {
    expect(given(sellia, ...withAna).when(cancel({ caller: who })).decision).toMatchObject({ outcome });
  });
  test('D2: administrators act only inside the campaigns they are assigned to', () => {
    const elsewhere = { ...administrator, scopes: ['campaign:winter'] };
    expect(given(sellia, ...withAna).when(cancel({ caller: elsewhere })).decision).toEqual(refused('FORBIDDEN_SCOPE'));
  });
  test.each([
    ['a manager', manager],
    ['an agent', ana],
  ])('D2: %s may not', (_name, who) => {
    expect(given(sellia, ...withAna).when(cancel({ caller: who })).decision).toEqual(refused('FORBIDDEN_ROLE'));
  });
  test.each(D5)('D5: from %s it can be cancelled', (_name, steps) => {
    expect(given(sellia, ...steps).when(cancel()).then).toEqual([cancelled({ category: 'spam' })]);
  });
  test.each(notD5)('D5: from %s it cannot', (_name, steps) => {
    expect(given(sellia, ...steps).when(cancel()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('D6: a category is expected, required by default', () => {
    const ours = given(sellia, ...withAna);
    expect(ours.when(cancel({ category: undefined })).decision).toEqual(refused('CATEGORY_REQUIRED'));
    const { state } = ours.when(
      cancel({ category: 'resolved-elsewhere', subcategory: 'by-phone', subcategoryOf: 'resolved-elsewhere' }),
    );
    expect(state).toMatchObject({ category: 'resolved-elsewhere', subcategory: 'by-phone' });
    const lenient = given(sellia, policy({ categoryToCancel: 'optional' }), ...withAna);
    expect(lenient.when(cancel({ category: undefined })).then).toEqual([cancelled({ category: null })]);
  });
  test('D6: the category that it already has is one', () => {
    const qualified = given(sellia, ...withAna, done(qualify({ category: 'no-answer' })));
    expect(qualified.when(cancel({ category: undefined })).then).toEqual([cancelled({ category: 'no-answer' })]);
  });
  test.each([
    [
      'another category’s',
      { category: 'spam', subcategory: 'by-phone', subcategoryOf: 'resolved-elsewhere' },
      'SUBCATEGORY_MISMATCH',
    ],
    ['nobody’s', { category: 'spam', subcategory: 'by-phone', subcategoryOf: null }, 'SUBCATEGORY_MISMATCH'],
    ['one without any category', { category: undefined, subcategory: 'by-phone' }, 'CATEGORY_REQUIRED'],
  ] as const)('D6: a sub-category belongs to one category: %s is refused', (_name, fields, reason) => {
    expect(given(sellia, ...withAna).when(cancel(fields)).decision).toEqual(refused(reason));
  });
  test('D6: where nobody looked up whose it is, it is taken at its word', () => {
    const { then } = given(sellia, ...withAna).when(cancel({ caller: program, category: 'spam', subcategory: 'bot' }));
    expect(then).toEqual([cancelled({ closeKind: 'api', category: 'spam', subcategory: 'bot' })]);
  });
  test('D6: comments are optional', () => {
    expect(given(sellia, ...withAna).when(cancel({ commentId: 'c-1' })).then).toEqual([
      cancelled({ commentId: 'c-1' }),
    ]);
  });
  test('D7: it is cancelled at that moment, apart from closed', () => {
    const { state, then } = given(sellia, ...withAna).when(cancel());
    expect(then).toEqual([event('conversation.cancelled', { statusFrom: 'assigned', statusTo: 'cancelled' })]);
    expect(state).toMatchObject({ status: 'cancelled', closing: { at: then[0]?.time, closeKind: 'supervisor' } });
    expect(given(sellia, ...withAna).when(cancel({ bulk: true })).then).toEqual([cancelled({ closeKind: 'bulk' })]);
  });
  test('a program cancels where the policy lets programs cancel, and from wherever where only programs can', () => {
    const onlyPrograms = given(zendesk, policy({ integrationVerbs: ['cancel'] }), visitorWrote);
    expect(onlyPrograms.when(cancel({ caller: program })).then).toEqual([cancelled({ closeKind: 'api' })]);
    expect(onlyPrograms.when(cancel()).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(given(visitorWrote).when(cancel({ caller: program })).decision).toEqual(refused('FEATURE_DISABLED'));
  });
});

describe('Sellia: the customer writes again', () => {
  const cancelledOnce: Step[] = [
    sellia,
    ...withAna,
    agentWrote(ana),
    done(qualify({ tags: ['refund'] })),
    done(cancel()),
  ];

  test('D1, D8: it is reactivated and enters the flow from its beginning', () => {
    const { then, state, decision } = given(...cancelledOnce).when(reactivate);
    expect(decision).toMatchObject({ outcome: 'message-received' });
    expect(then).toEqual([
      event('conversation.reactivated', { statusFrom: 'cancelled', statusTo: 'bot', episode: 2 }),
      event('conversation.queued', { statusFrom: 'bot', statusTo: 'pending', episode: 2 }),
    ]);
    expect(state).toMatchObject({ status: 'pending', episode: 2, closings: [{ episode: 1, status: 'cancelled' }] });
    expect('closing' in state).toBe(false);
  });
  test('D8: that is where the next message belongs; under another policy it begins a new conversation', () => {
    expect(placeMessage(given(...cancelledOnce).state)).toBe('reactivate');
    const final = given(policy({ supervisorVerb: 'cancel' }), ...withAna, done(cancel()));
    expect(placeMessage(final.state)).toBe('start');
  });
  test('D1: with steps before any agent, at the first of them', () => {
    const flow = given(...cancelledOnce, policy({ flowSteps: 1 })).when(reactivate);
    expect(flow.then).toEqual([event('conversation.reactivated', { statusTo: 'bot' })]);
    expect(flow.state.status).toBe('bot');
  });
  test('D8: policy and attributions are taken anew; numbers and first records go on', () => {
    const { state } = given(...cancelledOnce, policy({ comment: 'required' }), customerReturned);
    expect(state).toMatchObject({
      policy: { comment: 'required' },
      firstResponseAt: null,
      lastSender: null,
      tags: [],
      category: null,
      subcategory: null,
      survey: null,
      messageCounts: { visitor: 2, agent: 1 },
      lastMessageNumber: 3,
    });
  });
  test('D8: the next episode goes by the campaign, the group and the policy version of now', () => {
    const { start } = given(...cancelledOnce).world;
    const moved = { ...start, campaign: 'autumn', group: 'experts', policy: { ...start.policy, version: 9 } };
    const { then, state } = given(...cancelledOnce, (world) => ({ ...world, start: moved })).when(reactivate);
    for (const one of then) expect(one).toMatchObject({ campaign: 'autumn', group: 'experts', policyversion: 9 });
    expect(state).toMatchObject({ campaign: 'autumn', group: 'experts', policy: { version: 9 } });
  });
  test.each([ana, manager, superAdministrator])('D8: nobody else can: $role', (who) => {
    const order = (world: Parameters<typeof reactivate>[0]) => ({ ...reactivate(world), caller: who });
    expect(given(...cancelledOnce).when(order).decision).toEqual(refused('FORBIDDEN_ROLE'));
  });
  test('D8: only from cancelled, only where the policy says so, only while it is the newest', () => {
    expect(given(sellia, ...withAna).when(reactivate).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
    const closedOnly = given(policy({ supervisorVerb: 'cancel' }), ...withAna, done(cancel()));
    expect(closedOnly.when(reactivate).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(given(...cancelledOnce, hasNext).when(reactivate).decision).toEqual(refused('STALE_TARGET'));
  });
});

describe('an administrator reassigns', () => {
  test('D4: to another agent', () => {
    const { then, state } = given(...withAna, agentWrote(ana)).when(reassign({ commentId: 'c-1' }));
    expect(then).toEqual([
      event('conversation.reassigned', {
        assignedFrom: 'ana',
        assignedTo: 'ben',
        commentId: 'c-1',
        statusTo: 'assigned',
      }),
    ]);
    expect(state).toMatchObject({ status: 'assigned', assignedTo: 'ben' });
  });
  test('D4: also one that waits for nobody in particular, also into another group', () => {
    const { then, state } = given(visitorWrote).when(reassign({ group: 'experts' }));
    expect(then).toEqual([event('conversation.reassigned', { assignedFrom: null, group: 'experts' })]);
    expect(state.group).toBe('experts');
  });
  test.each(D5)('D5: from %s', (_name, steps) => {
    expect(given(sellia, ...steps).when(reassign({ caller: administrator })).state).toMatchObject({
      assignedTo: 'ben',
    });
  });
  test.each(notD5)('D5: not from %s', (_name, steps) => {
    expect(given(sellia, ...steps).when(reassign({ caller: administrator })).decision).toEqual(
      refused('NOT_ELIGIBLE_STATE'),
    );
  });
  test('D5: an agent hands on its own in any preset, also a paused one', () => {
    const paused = given(sellia, policy({ pause: true }), ...withAna, done(pause()));
    expect(paused.when(reassign({ caller: ana })).state).toMatchObject({ assignedTo: 'ben' });
    expect(paused.when(reassign({ caller: ben, to: 'ben' })).decision).toEqual(refused('FORBIDDEN_SCOPE'));
  });
  test('room first: without a lease it is asked for, after every other check', () => {
    expect(given(...withAna).when(reassign({ lease: undefined })).decision).toEqual({ kind: 'ask-lease' });
    expect(given(sellia, visitorWrote).when(reassign({ lease: undefined })).decision).toEqual(
      refused('NOT_ELIGIBLE_STATE'),
    );
  });
  test.each([
    [noRoom, 'CAPACITY_FULL'],
    [offline, 'TARGET_UNAVAILABLE'],
  ] as const)('room refused: %j', (lease, reason) => {
    expect(given(...withAna).when(reassign({ lease })).decision).toEqual(refused(reason));
  });
  test('to whom it is assigned already: nothing happens, and no room is needed', () => {
    expect(given(...withAna).when(reassign({ to: 'ana', lease: noRoom })).decision).toEqual(unchanged);
  });
  test('a program, where the policy lets programs', () => {
    expect(given(...withAna).when(reassign({ caller: program })).state).toMatchObject({ assignedTo: 'ben' });
    const without = given(policy({ integrationVerbs: [] }), ...withAna);
    expect(without.when(reassign({ caller: program })).decision).toEqual(refused('FEATURE_DISABLED'));
  });
});
