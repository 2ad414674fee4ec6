import { describe, expect, test } from '@jest/globals';
import { placeMessage } from '../src/place.js';
import {
  addNote,
  after,
  agent,
  agentWrote,
  ana,
  assign,
  assignedTo,
  ben,
  close,
  closed,
  done,
  endSession,
  event,
  given,
  granted,
  handOver,
  manager,
  message,
  noRoom,
  offline,
  pause,
  pick,
  policy,
  preset,
  program,
  qualify,
  rate,
  refused,
  requeue,
  resume,
  returnToQueue,
  sellia,
  social,
  start,
  surveySuppressed,
  system,
  unchanged,
  visitorLeft,
  visitorWrote,
  waitingFor,
  zendesk,
  type Step,
} from './given.js';

const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const active: Step[] = [...withAna, agentWrote(ana)];
const paused: Step[] = [social, ...active, done(pause())];

describe('a visitor’s first message', () => {
  test('E10: begins a conversation, handed over at once where there is no flow', () => {
    const { then, decision } = given(zendesk).when(start);
    expect(decision).toMatchObject({ kind: 'decided', outcome: 'message-received' });
    expect(then).toEqual([
      event('conversation.started', {
        sequence: 1,
        statusFrom: null,
        statusTo: 'bot',
        episode: 1,
        policyversion: 3,
        previousConversationId: null,
      }),
      event('conversation.queued', {
        sequence: 2,
        statusFrom: 'bot',
        statusTo: 'pending',
        pendingReason: 'in-queue',
        reason: 'in-queue',
      }),
    ]);
  });
  test('waits where inbox says it waits', () => {
    expect(given(waitingFor('out-of-hours')).when(start).state).toMatchObject({
      status: 'pending',
      pendingReason: 'out-of-hours',
    });
  });
  test('D1: with steps of a flow it stays with the bot until that hands over, perhaps to another group', () => {
    const flow: Step[] = [policy({ flowSteps: 2 }), visitorWrote];
    expect(given(...flow).state.status).toBe('bot');
    expect(given(...flow).when(handOver()).then).toEqual([
      event('conversation.queued', { pendingReason: 'in-queue', group: 'support' }),
    ]);
    const { state } = given(...flow).when(handOver({ group: 'experts', pendingReason: 'icr', caller: system }));
    expect(state).toMatchObject({ status: 'pending', pendingReason: 'icr', group: 'experts' });
    expect(given(visitorWrote).when(handOver()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('nothing but a start begins anything, and no agent starts', () => {
    expect(given().when(message()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
    expect(given().when((world) => ({ ...start(world), caller: ana })).decision).toEqual(refused('FORBIDDEN_ROLE'));
    expect(given(visitorWrote).when(start).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
});

describe('the queue', () => {
  test('the router says why it waits', () => {
    expect(given(visitorWrote).when(requeue('agents-offline')).then).toEqual([
      event('conversation.queued', { statusFrom: 'pending', statusTo: 'pending', pendingReason: 'agents-offline' }),
    ]);
    expect(given(visitorWrote).when(requeue('in-queue')).decision).toEqual(unchanged);
    expect(given(...withAna).when(requeue('in-queue')).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('the router assigns, an agent picks for itself', () => {
    expect(given(visitorWrote).when(assign()).then).toEqual([
      event('conversation.assigned', { assignedTo: 'ana', reason: 'routed' }),
    ]);
    expect(given(visitorWrote).when(pick(ben)).then).toEqual([
      event('conversation.assigned', { assignedTo: 'ben', reason: 'picked' }),
    ]);
    expect(given(visitorWrote).when(assign({ caller: ben, to: 'ana' })).decision).toEqual(refused('FORBIDDEN_SCOPE'));
    expect(given(visitorWrote).when(pick({ ...agent('eva'), scopes: ['team:experts'] })).decision).toEqual(
      refused('FORBIDDEN_SCOPE'),
    );
    expect(given(...withAna).when(assign()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test.each([
    [noRoom, 'CAPACITY_FULL'],
    [offline, 'TARGET_UNAVAILABLE'],
  ] as const)('without room: %j', (lease, reason) => {
    expect(given(visitorWrote).when(assign({ lease })).decision).toEqual(refused(reason));
    expect(given(...paused).when(resume({ lease })).decision).toEqual(refused(reason));
  });
  test('the assignee returns it', () => {
    const { then, state } = given(...active).when(returnToQueue());
    expect(then).toEqual([
      event('conversation.returned', { returnedBy: 'ana', statusTo: 'pending', reason: 'returned' }),
    ]);
    expect(state).toMatchObject({ status: 'pending', pendingReason: 'returned' });
    expect('assignedTo' in state).toBe(false);
    expect(given(visitorWrote).when(returnToQueue({ caller: system })).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
});

describe('messages', () => {
  test.each([
    ['the bot', [policy({ flowSteps: 1 }), visitorWrote]],
    ['the queue', [visitorWrote]],
    ['an agent who has not answered', withAna],
    ['an agent who has', active],
  ] as [string, Step[]][])('a visitor’s message to %s changes nothing in the life', (_name, steps) => {
    const { decision } = given(...steps).when(message());
    expect(decision).toEqual({ kind: 'decided', outcome: 'message-received', events: [] });
  });
  test('the first message of the agent', () => {
    expect(given(...withAna).when(message({ author: 'agent', caller: ana })).then).toEqual([
      event('conversation.activated', { assignedTo: 'ana' }),
    ]);
    const again = given(...active).when(message({ author: 'agent', caller: ana }));
    expect(again.decision).toEqual({ kind: 'decided', outcome: 'message-sent', events: [] });
    expect(given(...active, after(1000), agentWrote(ana)).state).toMatchObject({
      firstResponseAt: '2026-11-21T10:00:00.000Z',
      messageCounts: { visitor: 1, agent: 2 },
    });
  });
  test('nobody writes but the assignee, and only while it has it', () => {
    expect(given(...active).when(message({ author: 'agent', caller: ben })).decision).toEqual(
      refused('FORBIDDEN_SCOPE'),
    );
    expect(given(visitorWrote).when(message({ author: 'agent', caller: ana })).decision).toEqual(
      refused('FORBIDDEN_SCOPE'),
    );
    expect(given(...paused).when(message({ author: 'agent', caller: ana })).decision).toEqual(
      refused('NOT_ELIGIBLE_STATE'),
    );
    expect(given(...active, done(close())).when(message({ author: 'agent', caller: ana })).decision).toEqual(
      refused('NOT_ELIGIBLE_STATE'),
    );
    expect(given(...active).when(message({ author: 'agent', caller: manager })).decision).toEqual(
      refused('FORBIDDEN_ROLE'),
    );
  });
  test('a program that says what was written elsewhere names the agent', () => {
    const told = (agentId?: string) => message({ author: 'agent', caller: program, agentId });
    expect(given(...withAna).when(told('ana')).then).toEqual([event('conversation.activated')]);
    expect(given(...withAna).when(told('ben')).decision).toEqual(refused('FORBIDDEN_SCOPE'));
    expect(given(...withAna).when(told()).decision).toEqual(refused('FORBIDDEN_SCOPE'));
    expect(given(visitorWrote).when(message({ caller: program })).decision).toMatchObject({
      outcome: 'message-received',
    });
  });
  test('a visitor’s message never reaches one that is over', () => {
    const over = refused('NOT_ELIGIBLE_STATE');
    expect(given(...active, done(close())).when(message()).decision).toEqual(over);
    expect(given(zendesk, ...active, done(endSession())).when(message()).decision).toEqual(over);
  });
});

describe('B1: an agent closes', () => {
  test.each([
    ['assigned', withAna],
    ['active', active],
    ['paused', paused],
    ['in wrap-up', [zendesk, ...active, done(endSession())]],
  ] as [string, Step[]][])('B1: %s', (_name, steps) => {
    expect(given(...steps).when(close()).then[0]).toEqual(
      closed({ closeKind: 'agent', statsAgent: 'ana', commentId: null }),
    );
  });
  test('B4: and qualifies with it: tags, category', () => {
    const { then, state } = given(...active).when(
      close({ tags: ['refund', 'delivery', 'refund'], category: 'order', subcategory: 'late', subcategoryOf: 'order' }),
    );
    const qualification = { tags: ['refund', 'delivery'], category: 'order', subcategory: 'late' };
    expect(then).toEqual([
      event('conversation.qualified', { ...qualification, statusTo: 'active' }),
      closed({ ...qualification, statusFrom: 'active' }),
      surveySuppressed('visitor-not-authenticated'),
    ]);
    expect(state).toMatchObject(qualification);
  });
  test('B4: what it already had stays, and is not said again', () => {
    const qualified = given(...active, done(qualify({ tags: ['refund'], category: 'order' })));
    const { then } = qualified.when(close({ tags: ['refund'], category: 'order' }));
    expect(then[0]).toEqual(closed({ tags: ['refund'], category: 'order', subcategory: null }));
  });
  test('B5: with an end note', () => {
    const { then, state } = given(...active).when(close({ noteId: 'note-1' }));
    expect(then.map(({ type }) => type)).toEqual([
      'conversation.note-added',
      'conversation.closed',
      'conversation.survey-suppressed',
    ]);
    expect(state.notes).toEqual([{ id: 'note-1', at: then[0]?.time, by: 'ana', afterClose: false }]);
  });
  test('what the policy requires is present', () => {
    const strict = given(policy({ categoryToClose: 'required' }), ...active);
    expect(strict.when(close()).decision).toEqual(refused('CATEGORY_REQUIRED'));
    expect(strict.when(close({ category: 'order' })).state.status).toBe('closed');
    expect(strict.when(close({ caller: manager })).state.status).toBe('closed');
    expect(strict.when(close({ category: 'order', subcategory: 'late', subcategoryOf: 'spam' })).decision).toEqual(
      refused('SUBCATEGORY_MISMATCH'),
    );
  });
  test('only its own', () => {
    expect(given(...active).when(close({ caller: ben })).decision).toEqual(refused('FORBIDDEN_SCOPE'));
  });
  test('B6: the agent rates the exchange and the tool, also afterwards', () => {
    expect(given(...active).when(rate()).then).toEqual([event('conversation.rated', { exchange: 4, tool: null })]);
    expect(given(...active, done(close())).when(rate()).then).toEqual([event('conversation.rated')]);
    expect(given(...active).when(rate({ caller: ben })).decision).toEqual(refused('FORBIDDEN_SCOPE'));
  });
  test('B3: the visitor closes the window: an alert, not a close', () => {
    const { then, state } = given(...active).when(visitorLeft());
    expect(then).toEqual([event('conversation.visitor-left', { statusFrom: 'active', statusTo: 'active' })]);
    expect(state.status).toBe('active');
    expect(given(...active, done(close())).when(visitorLeft()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
});

describe('B9: forgotten? Tags and notes after the close', () => {
  const ended: Step[] = [...active, after(1000), done(close())];
  test('B9: by the agent for whom it counts, a supervisor or a program', () => {
    for (const who of [ana, manager, program]) {
      expect(given(...ended).when(qualify({ caller: who, tags: ['refund'] })).then).toEqual([
        event('conversation.qualified', { statusTo: 'closed', tags: ['refund'] }),
      ]);
      expect(given(...ended).when(addNote({ caller: who })).state.notes).toEqual([
        expect.objectContaining({ by: who.id, afterClose: true }),
      ]);
    }
    expect(given(...ended).when(qualify({ caller: ben, tags: ['refund'] })).decision).toEqual(
      refused('FORBIDDEN_SCOPE'),
    );
  });
  test('B9: the closing record stays as it was frozen', () => {
    const before = given(...ended).state;
    const { state } = given(...ended).when(qualify({ tags: ['refund'], category: 'order' }));
    expect(state).toMatchObject({ category: 'order', closing: { category: null }, closings: before.closings });
  });
  test('B9: as far as policy lets', () => {
    const [tags, notes] = [
      given(policy({ editsAfterClose: ['tags'] }), ...ended),
      given(policy({ editsAfterClose: ['notes'] }), ...ended),
    ];
    expect(tags.when(addNote()).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(notes.when(qualify({ tags: ['refund'] })).decision).toEqual(refused('FEATURE_DISABLED'));
    expect(tags.when(qualify({ tags: ['refund'] })).then).toHaveLength(1);
    expect(notes.when(addNote()).then).toHaveLength(1);
  });
  test('B4: a sub-category goes with its category', () => {
    const filed = given(...active, done(qualify({ category: 'order', subcategory: 'late' })));
    expect(filed.when(qualify({ tags: ['x'] })).state).toMatchObject({
      category: 'order',
      subcategory: 'late',
      tags: ['x'],
    });
    expect(given(...active, done(qualify({ tags: ['x'] }))).when(qualify({ category: 'spam' })).state.tags).toEqual([
      'x',
    ]);
    expect(filed.when(qualify({ category: 'spam' })).state).toMatchObject({ category: 'spam', subcategory: null });
    expect(filed.when(qualify({ subcategory: 'lost', subcategoryOf: 'spam' })).decision).toEqual(
      refused('SUBCATEGORY_MISMATCH'),
    );
    expect(given(...active).when(qualify({ subcategory: 'lost' })).decision).toEqual(refused('SUBCATEGORY_MISMATCH'));
  });
  test('the same again changes nothing', () => {
    expect(given(...active).when(qualify({ tags: [] })).decision).toEqual(unchanged);
    expect(given(...active, done(addNote())).when(addNote()).decision).toEqual(unchanged);
  });
});

describe('B10: pause', () => {
  test('B10: off the panel, its agent remembered, not counted as closed', () => {
    const { then, state } = given(social, ...active).when(pause());
    expect(then).toEqual([
      event('conversation.paused', { statusFrom: 'active', statusTo: 'paused', assignedTo: 'ana' }),
    ]);
    expect(state).toMatchObject({ status: 'paused', assignedTo: 'ana' });
    expect(given(social, ...withAna).when(pause()).state.status).toBe('paused');
    expect(given(social, visitorWrote).when(pause({ caller: program })).decision).toEqual(
      refused('NOT_ELIGIBLE_STATE'),
    );
  });
  test.each([preset('iadvize-onsite'), sellia, zendesk])('B10: only where the policy has it', (where) => {
    expect(given(where, ...active).when(pause()).decision).toEqual(refused('FEATURE_DISABLED'));
  });
  test('B10: a program, where pause is on and programs may', () => {
    expect(given(social, ...active).when(pause({ caller: program })).state.status).toBe('paused');
    const onlyAgents = given(social, policy({ integrationVerbs: [] }), ...active);
    expect(onlyAgents.when(pause({ caller: program })).decision).toEqual(refused('FEATURE_DISABLED'));
    const off = given(policy({ integrationVerbs: ['pause'] }), ...active);
    expect(off.when(pause({ caller: program })).decision).toEqual(refused('FEATURE_DISABLED'));
  });
  test('B10: the assignee resumes, with room', () => {
    expect(given(...paused).when(resume()).then).toEqual([
      event('conversation.resumed', { statusTo: 'active', assignedTo: 'ana', reason: null }),
    ]);
    expect(given(...paused).when(resume({ caller: ben })).decision).toEqual(refused('FORBIDDEN_SCOPE'));
    expect(given(social, ...active).when(resume()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('B10: anybody of the team picks it from the list, its own agent too; the router does not', () => {
    expect(given(...paused).when(pick(ben)).then).toEqual([
      event('conversation.assigned', { statusFrom: 'paused', assignedTo: 'ben' }),
    ]);
    expect(given(...paused).when(pick({ ...ana, scopes: [] })).state).toMatchObject({
      status: 'assigned',
      assignedTo: 'ana',
    });
    expect(given(...paused).when(assign()).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('B10: the visitor answers: back to its agent who has room, else into the queue', () => {
    expect(given(...paused).when(message({ lease: granted })).then).toEqual([
      event('conversation.resumed', { reason: 'visitor-message', assignedTo: 'ana' }),
    ]);
    for (const lease of [noRoom, undefined]) {
      const { then, state } = given(...paused).when(message({ lease }));
      expect(then).toEqual([event('conversation.queued', { reason: 'visitor-message', pendingReason: 'in-queue' })]);
      expect('assignedTo' in state).toBe(false);
    }
  });
  test('where a pause keeps the room, no other is needed to come back', () => {
    const kept: Step[] = [social, policy({ pauseReleasesCapacity: false }), ...active, done(pause())];
    expect(given(...kept).when(message({ lease: noRoom })).state.status).toBe('active');
    expect(given(...kept).when(resume({ lease: noRoom })).state.status).toBe('active');
    expect(given(...kept).when(pick(ben, noRoom)).decision).toEqual(refused('CAPACITY_FULL'));
  });
});

describe('where a visitor’s message belongs', () => {
  test('X1: it joins the open one', () => {
    for (const steps of [[policy({ flowSteps: 1 }), visitorWrote], [visitorWrote], withAna, active, paused]) {
      expect(placeMessage(given(...steps).state)).toBe('join');
    }
  });
  test('B11: after a close it makes a new one; an agent cannot reopen', () => {
    expect(placeMessage(undefined)).toBe('start');
    const ended = given(sellia, ...active, done(close()));
    expect(placeMessage(ended.state)).toBe('start');
    for (const order of [resume(), pick(ana), pause(), returnToQueue()])
      expect(ended.when(order).decision.kind).toBe('refused');
  });
  test('E10: after the end of a session it makes a new one', () => {
    expect(placeMessage(given(zendesk, ...active, done(endSession())).state)).toBe('start');
  });
  test('X9: after an erasure it makes a new one, even of a cancelled one', () => {
    expect(placeMessage({ ...given(...active).state, erased: true })).toBe('start');
  });
});
