import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CLAIM_MS } from '@parley/contracts/protocol';
import { SIGNED } from '@parley/contracts/signed';
import { agent, command, manager, newMessageId, router, Stage, tenant, Thread, visitor } from './harness.js';
import { until } from './until.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
}, 60_000);
afterAll(() => stage.close());

const typesOf = (conversationId: string) =>
  stage.world.lifeOf(conversationId).map(({ type }) => type.replace('conversation.', ''));
const close = (conversationId: string, commandId?: string) =>
  command(stage, conversationId, 'close', { caller: manager, ...(commandId !== undefined && { commandId }) });
const assign = (conversationId: string, to: string) =>
  command(stage, conversationId, 'assign', { caller: router, to, lease: { granted: `lease-${to}` } });

describe('in one run', () => {
  test('a message starts a conversation, a close ends it, and both are published in order', async () => {
    const thread = new Thread(stage);
    const { conversationId, messageNumber, afterSequence } = await thread.say();
    expect({ messageNumber, afterSequence }).toEqual({ messageNumber: 1, afterSequence: 2 });
    expect(await close(conversationId)).toMatchObject({ kind: 'done', outcome: 'closed', sequence: 4 });
    await until(() => stage.world.lifeOf(conversationId).length === 4);
    expect(typesOf(conversationId)).toEqual(['started', 'queued', 'closed', 'survey-requested']);
  });

  test('X1, B11: a message joins the open conversation, after its close it starts the next, and both know each other', async () => {
    const thread = new Thread(stage);
    const first = await thread.say();
    expect(await thread.say()).toMatchObject({ conversationId: first.conversationId, messageNumber: 2 });
    await close(first.conversationId);
    const second = await thread.say();
    expect(second).toMatchObject({ messageNumber: 1, afterSequence: 2 });
    const ids = [first.conversationId, second.conversationId];
    const [before, after] = await Promise.all(ids.map((id) => stage.client.state(tenant, id)));
    expect(before).toMatchObject({ answer: { status: 'closed', nextConversationId: second.conversationId } });
    expect(after).toMatchObject({ answer: { status: 'pending', previousConversationId: first.conversationId } });
    expect(await close(first.conversationId)).toMatchObject({ kind: 'done', outcome: 'already-closed', sequence: 3 });
    const late = await command(stage, first.conversationId, 'pause', { caller: agent('eva') });
    expect(late).toMatchObject({ kind: 'refused', nextConversationId: second.conversationId });
  });

  test('a second delivery is answered the first place, whatever happened in between', async () => {
    const thread = new Thread(stage);
    const messageId = newMessageId();
    const first = await thread.say({ messageId });
    await close(first.conversationId);
    await thread.say();
    const handle = stage.signed.workflow.getHandle(thread.workflowId);
    const again = await handle.executeUpdate('message', {
      args: [thread.update({ messageId })],
      updateId: 'another',
    });
    const { sequence, ...place } = first;
    expect(again).toMatchObject(place);
    expect(sequence).toBe(2);
  });

  test('five commands with one id are one, and a sixth with another is told so', async () => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    const handle = stage.signed.workflow.getHandle(thread.workflowId);
    const ask = (updateId: string, commandId: string) =>
      handle.executeUpdate('close', {
        args: [{ conversationId, command: { commandId, caller: manager } }],
        updateId,
      });
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => ask(`update-${n}`, 'cmd:one')));
    answers.forEach((answer) => expect(answer).toEqual({ ...(answers[0] as object) }));
    expect(answers[0]).toMatchObject({ outcome: 'closed', sequence: 4 });
    expect(await ask('update-6', 'cmd:two')).toMatchObject({ outcome: 'already-closed', sequence: 3, effects: [] });
    await until(() => typesOf(conversationId).length === 4);
    expect(typesOf(conversationId).filter((type) => type === 'closed')).toHaveLength(1);
  });

  test('an agent’s message activates, answers the conversation, and never starts one', async () => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    expect(await assign(conversationId, 'eva')).toMatchObject({ outcome: 'assigned', held: 'eva' });
    const sent = await thread.answerAs('eva', conversationId);
    expect(sent).toMatchObject({ outcome: 'message-sent', messageNumber: 2, conversation: { status: 'active' } });
    const other = await thread.answerAs('max', conversationId);
    expect(other).toMatchObject({ kind: 'refused', reason: 'FORBIDDEN_SCOPE', currentSequence: 4 });
    expect(await thread.answerAs('eva', `${conversationId.slice(0, -1)}9`)).toEqual({ kind: 'unknown-conversation' });
    await close(conversationId);
    expect(await thread.answerAs('eva', conversationId)).toMatchObject({ kind: 'refused' });
  });

  test('a lease that came with a message on a paused conversation is used, and a repeat says so again', async () => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    await assign(conversationId, 'eva');
    await command(stage, conversationId, 'pause', { caller: agent('eva') });
    const messageId = newMessageId();
    const lease = { granted: 'lease-2' };
    expect(await thread.say({ messageId, lease })).toMatchObject({ leaseUsed: true, sequence: 5 });
    const handle = stage.signed.workflow.getHandle(thread.workflowId);
    const again = await handle.executeUpdate('message', { args: [thread.update({ messageId, lease })] });
    expect(again).toMatchObject({ leaseUsed: true, messageNumber: 2 });
    expect(await thread.say({ lease: { granted: 'lease-3' } })).toMatchObject({ leaseUsed: false });
  });

  test('B10: a message on a paused conversation is held, without a trace, until its agent’s room is known', async () => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    await assign(conversationId, 'eva');
    await command(stage, conversationId, 'pause', { caller: agent('eva') });
    const update = thread.update({ messageId: newMessageId() });
    const paused = { conversationId, episode: 1, agentId: 'eva' };
    const held = await stage.client.message(tenant, thread.threadId, update);
    expect(held).toEqual({ kind: 'answer', answer: { kind: 'hold', why: 'lease-needed', paused } });
    expect(await stage.client.decisionState(tenant, conversationId)).toMatchObject({
      answer: { conversation: { status: 'paused', lastMessageNumber: 1 } },
    });
    const { messageId } = update;
    expect(await thread.say({ messageId, lease: { refused: 'CAPACITY_FULL' } })).toMatchObject({ messageNumber: 2 });
    expect(await stage.client.decisionState(tenant, conversationId)).toMatchObject({
      answer: { conversation: { status: 'pending', pendingReason: 'in-queue' } },
    });
  });

  test('A9: what the channel last said of the visitor decides on the survey', async () => {
    const thread = new Thread(stage, { preset: 'iadvize-onsite' });
    const { conversationId } = await thread.say({ start: { ...thread.start, channelKind: 'site' } });
    const update = { presence: { online: true, authenticated: true } };
    expect(await stage.client.presence(tenant, thread.threadId, update, 'presence:1')).toMatchObject({
      answer: { kind: 'done', outcome: 'unchanged' },
    });
    const decision = await stage.client.decisionState(tenant, conversationId);
    expect(decision).toMatchObject({ answer: { facts: { presence: update.presence, rulesVersion: 1 } } });
    // Said before that, and only now on its way.
    const earlier = new Date(Date.now() - 5000).toISOString();
    await thread.say({ acceptedAt: earlier, presence: { online: false, authenticated: false } });
    expect(await close(conversationId)).toMatchObject({ conversation: { survey: { decision: 'requested' } } });
  });

  test('an outage of Kafka stops neither a close nor the next conversation, and order is kept when it returns', async () => {
    const thread = new Thread(stage);
    stage.world.isKafkaUp = false;
    const first = await thread.say();
    await close(first.conversationId);
    const second = await thread.say();
    await command(stage, second.conversationId, 'qualify', { caller: manager, tags: ['refund'] });
    expect(stage.world.published.filter(({ threadid }) => threadid === thread.threadId)).toEqual([]);
    stage.world.isKafkaUp = true;
    await until(() => stage.world.lifeOf(second.conversationId).length === 3);
    expect(typesOf(first.conversationId)).toEqual(['started', 'queued', 'closed', 'survey-requested']);
    expect(typesOf(second.conversationId)).toEqual(['started', 'queued', 'qualified']);
  });

  test('queries name a conversation or mean the newest, and change nothing', async () => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    const handle = stage.foreign.workflow.getHandle(thread.workflowId);
    expect(await handle.query('state')).toMatchObject({ conversationId, availableCommands: null });
    expect(await handle.query('state', {})).toMatchObject({ conversationId });
    expect(await handle.query('state', { conversationId: 'cnv_unheard_of' })).toBeNull();
    expect(await handle.query('state', 'nonsense')).toBeNull();
    expect(await handle.query('decisionState', { conversationId: 5 })).toBeNull();
    expect(await stage.client.state(tenant, conversationId)).toMatchObject({ kind: 'answer', answer: { sequence: 2 } });
  });
});

describe('from run to run', () => {
  test('X1: an agent’s message that was handed over longer ago than a claim lasts may be refused by now, and is held', async () => {
    const thread = new Thread(stage);
    const { conversationId } = await thread.say();
    const caller = agent('eva');
    await command(stage, conversationId, 'assign', { caller: router, to: 'eva', lease: { granted: 'lease' } });
    const handed = (agoMs: number) => ({ handedAt: new Date(Date.now() - agoMs).toISOString() });
    const late = await stage.client.message(tenant, thread.threadId, {
      ...thread.update({ author: 'agent', caller, conversationId }),
      ...handed(CLAIM_MS + 500),
    });
    expect(late).toEqual({ kind: 'answer', answer: { kind: 'hold', why: 'handed-too-late' } });
    expect(await thread.answerAs('eva', conversationId, handed(CLAIM_MS / 2))).toMatchObject({ kind: 'placed' });
    expect(await thread.say(handed(CLAIM_MS + 500))).toMatchObject({ conversationId, messageNumber: 3 });
  });

  test('a run that holds nothing asks for what the archive knows, and trusts only a fresh one', async () => {
    const thread = new Thread(stage, { handedMs: 1000 });
    const { client } = stage;
    const update = thread.update();
    const withStart = (fields: object) =>
      client.messageWithStart(tenant, thread.threadId, { ...update, ...fields }, thread.input);
    expect(await withStart({})).toMatchObject({ answer: { kind: 'hold', why: 'previous-needed' } });
    const handedAt = new Date(Date.now() - 2000).toISOString();
    expect(await withStart({ previous: null, handedAt })).toMatchObject({ answer: { why: 'handed-too-late' } });
    const fresh = { previous: null, handedAt: new Date().toISOString() };
    expect(await withStart(fresh)).toMatchObject({ answer: { kind: 'placed', messageNumber: 1 } });
    expect(await withStart({ handedAt })).toMatchObject({ answer: { kind: 'placed', messageNumber: 1 } });
    const next = { ...thread.update(), handedAt };
    expect(await client.message(tenant, thread.threadId, next)).toMatchObject({ answer: { messageNumber: 2 } });
  });

  test('a quiet run is archived and ends; the next one knows its predecessor, its messages and its outcomes', async () => {
    const thread = new Thread(stage, { lingerMs: 600 });
    const messageId = newMessageId();
    const first = await thread.say({ messageId });
    await close(first.conversationId, 'cmd:known');
    const handle = stage.signed.workflow.getHandle(thread.workflowId);
    const record: unknown = await handle.result();
    expect(record).toMatchObject({ newest: { conversationId: first.conversationId, status: 'closed' } });
    expect(stage.world.records.get(thread.threadId)).toEqual(record);
    expect(stage.world.archived.get(first.conversationId)?.state).toMatchObject({ status: 'closed', sequence: 4 });
    const second = await thread.say();
    expect(second.conversationId).not.toBe(first.conversationId);
    expect(await stage.client.state(tenant, second.conversationId)).toMatchObject({
      answer: { previousConversationId: first.conversationId, sequence: 2 },
    });
    const { sequence: _, ...place } = first;
    expect(await thread.say({ messageId })).toMatchObject(place);
    expect(await close(first.conversationId)).toEqual({ kind: 'unknown-conversation' });
  });

  test('a message that comes again after its run has ended finds its first place without a conversation', async () => {
    const thread = new Thread(stage, { lingerMs: 300 });
    const messageId = newMessageId();
    const { sequence: _, ...place } = await thread.say({ messageId });
    await close(place.conversationId);
    await stage.signed.workflow.getHandle(thread.workflowId).result();
    expect(await thread.say({ messageId })).toMatchObject(place);
  });

  test('D8: the customer of a cancelled conversation writes again: the same conversation, the next episode, the next sequence', async () => {
    const thread = new Thread(stage, { preset: 'sellia-campaign', lingerMs: 300 });
    const { conversationId } = await thread.say({ start: { ...thread.start, pendingReason: 'out-of-hours' } });
    const caller = { kind: 'supervisor', id: 'a', role: 'administrator', scopes: ['campaign:whatsapp'] } as const;
    const cancelled = await command(stage, conversationId, 'cancel', {
      caller: { ...caller, scopes: [...caller.scopes] },
      category: 'spam',
    });
    expect(cancelled).toMatchObject({ kind: 'done', outcome: 'cancelled', sequence: 3 });
    await stage.signed.workflow.getHandle(thread.workflowId).result();
    const again = await thread.say();
    expect(again).toMatchObject({ conversationId, messageNumber: 2, sequence: 5 });
    await until(() => stage.world.lifeOf(conversationId).length === 5);
    expect(typesOf(conversationId)).toEqual(['started', 'queued', 'cancelled', 'reactivated', 'queued']);
    const old = await command(stage, conversationId, 'cancel', { caller: { ...caller, scopes: [] }, episode: 1 });
    expect(old).toMatchObject({ kind: 'refused', reason: 'FORBIDDEN_SCOPE' });
    const first = await command(stage, conversationId, 'cancel', {
      caller: { ...caller, scopes: [...caller.scopes] },
      episode: 1,
    });
    expect(first).toMatchObject({ outcome: 'already-closed', sequence: 3, conversation: { status: 'cancelled' } });
  });

  test('one that ended leaves the run while the next goes on, and twenty are too many', async () => {
    const thread = new Thread(stage, { lingerMs: 1000 });
    stage.world.isArchiveUp = false;
    const ended: string[] = [];
    for (let count = 0; count < 20; count += 1) {
      const { conversationId } = await thread.say();
      await close(conversationId);
      ended.push(conversationId);
    }
    const update = thread.update();
    expect(await stage.client.message(tenant, thread.threadId, update)).toMatchObject({
      answer: { kind: 'hold', why: 'run-is-full' },
    });
    stage.world.isArchiveUp = true;
    const [oldest = ''] = ended;
    await until(() => stage.world.archived.has(oldest));
    expect(stage.world.archived.get(oldest)?.state).toMatchObject({ nextConversationId: ended[1] });
    await until(async () => (await stage.client.state(tenant, oldest)).kind === 'not-found');
    expect(await close(oldest)).toEqual({ kind: 'unknown-conversation' });
    expect(await stage.client.message(tenant, thread.threadId, update)).toMatchObject({ answer: { kind: 'placed' } });
  });

  test('a run without a conversation ends', async () => {
    const thread = new Thread(stage);
    await stage.client.messageWithStart(tenant, thread.threadId, thread.update(), thread.input);
    expect(await stage.signed.workflow.getHandle(thread.workflowId).result()).toBeNull();
  }, 20_000);
});

test('the mark of our signature cannot be written by anybody', () => {
  expect(JSON.stringify({ [SIGNED]: true, visitor })).not.toContain('signed');
});
