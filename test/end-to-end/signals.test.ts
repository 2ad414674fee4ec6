import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { until } from '../../deploy/local/demo/play.ts';
import { agentsReady, conversationIn, inbox, newContact, say, send, type Visitor } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, at, field, verdict } from './stack.ts';

/** The door for systems that fire and forget: a client of Temporal that has none of our codec, secrets or roles. */

const log = new LogFollower();
let temporal: TemporalClient;
beforeAll(async () => {
  log.start();
  const connection = await Connection.connect({ address: at('temporal') });
  temporal = new TemporalClient({ connection, namespace: at('temporalNamespace') });
  await agentsReady('agent-1', 'agent-2');
});
afterAll(async () => {
  await log.stop();
  await temporal.connection.close();
});

/** Whoever sent it. */
const PROGRAM = { kind: 'integration', id: 'signal', role: 'integration' };
const visitorOn = (account: string): Visitor => ({ account, contact: newContact() });

interface Held {
  id: string;
  threadId: string;
  visitor: Visitor;
}
async function held(account: string, status: string): Promise<Held> {
  const visitor = visitorOn(account);
  const id = await conversationIn(status, visitor);
  const view = await as('super-administrator-1').get(`/inbox/v1/conversations/${id}`);
  return { id, visitor, threadId: String(field(view, 'threadId')) };
}

const workflowIdOf = ({ threadId }: Held): string => `conversation/demo/${threadId}`;
const signal = (to: Held, name: string, ...payloads: unknown[]): Promise<void> =>
  temporal.workflow.getHandle(workflowIdOf(to)).signal<unknown[]>(name, ...payloads);
/** What its run says of it: no read model in between. */
const stateOf = (of: Held): Promise<unknown> =>
  temporal.workflow.getHandle(workflowIdOf(of)).query<unknown, [object]>('state', { conversationId: of.id });

/** What the audit holds of refused signals of this thread, oldest first, as a super-administrator reads it. */
async function refusalsOf({ threadId }: Held): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let cursor: unknown = null;
  do {
    const next = typeof cursor === 'string' ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const path = `/admin/v1/audit?type=audit.signal-refused&from=${startedAt}&limit=200${next}`;
    const page: unknown = await as('super-administrator-1').get(path);
    found.push(...(field(page, 'items') as Record<string, unknown>[]));
    cursor = field(page, 'nextCursor');
  } while (typeof cursor === 'string');
  return found
    .filter(({ threadid }) => threadid === threadId)
    .sort((a, b) => (String(a['time']) < String(b['time']) ? -1 : 1));
}
const startedAt = new Date(Date.now() - 1000).toISOString();

/** The signal is refused for this reason, which stands in the audit, and nothing else is different from before. */
async function isRefused(to: Held, name: string, payload: object, reason: string): Promise<void> {
  const [before, known] = [await stateOf(to), (await refusalsOf(to)).length];
  await signal(to, name, { conversationId: to.id, ...payload });
  const refusals = await until(`${reason} in the audit`, async () => {
    const all = await refusalsOf(to);
    return all.length > known ? all.slice(known) : undefined;
  });
  const about = { conversationId: to.id, threadid: to.threadId, tenantid: 'demo', commandid: null };
  expect(refusals).toEqual([
    expect.objectContaining({
      type: 'audit.signal-refused',
      service: 'worker',
      actor: PROGRAM,
      act: name,
      reason,
      ...about,
    }),
  ]);
  expect(await stateOf(to)).toEqual(before);
}

/** It goes on: the visitor is heard in it, its agent answers and closes. */
async function goesOn({ id, visitor }: Held, agent = 'agent-1'): Promise<void> {
  expect(await say(visitor, 'Are you there?')).toBe(id);
  expect(verdict(await send(agent, inbox(id, 'messages'), { id: `a-${randomUUID()}`, text: 'Yes.' }))).toBe(
    '200 message-sent',
  );
  expect(verdict(await send(agent, inbox(id, 'close')))).toBe('200 closed');
}

describe('message', () => {
  test('what a visitor or the assignee said elsewhere is in the message log once, without a text', async () => {
    const conversation = await held('whatsapp', 'assigned');
    const { id } = conversation;
    const [question, answer] = [`elsewhere-${randomUUID()}`, `elsewhere-${randomUUID()}`];
    const said = { conversationId: id, messageId: question, author: 'visitor' };
    await signal(conversation, 'message', said);
    await signal(conversation, 'message', said);
    await signal(conversation, 'message', { ...said, messageId: answer, author: 'agent', agentId: 'agent-1' });
    expect(await log.event(id, 'activated')).toMatchObject({
      actor: PROGRAM,
      statusFrom: 'assigned',
      statusTo: 'active',
    });
    const inLog = (messageId: string) =>
      until(
        `${messageId} in the log`,
        async () => log.records.find(({ value }) => field(value, 'messageId') === messageId)?.value,
      );
    const place = { conversationId: id, length: null };
    expect(await inLog(question)).toMatchObject({ ...place, messageNumber: 2, author: 'visitor', agentId: null });
    expect(await inLog(answer)).toMatchObject({ ...place, messageNumber: 3, author: 'agent', agentId: 'agent-1' });
    expect(field(await stateOf(conversation), 'messageCounts')).toEqual({ visitor: 2, agent: 1 });
    expect(await refusalsOf(conversation)).toEqual([]);
    await goesOn(conversation);
  });

  test('another agent’s is refused', async () => {
    const conversation = await held('site', 'active');
    const said = { messageId: `elsewhere-${randomUUID()}`, author: 'agent', agentId: 'agent-2' };
    await isRefused(conversation, 'message', said, 'FORBIDDEN_SCOPE');
    await goesOn(conversation);
  });
});

describe('pause', () => {
  test('where the policy has it, and the visitor brings it back', async () => {
    const conversation = await held('whatsapp', 'active');
    await signal(conversation, 'pause', { conversationId: conversation.id, commandId: 'theirs-1' });
    expect(await log.event(conversation.id, 'paused')).toMatchObject({
      actor: PROGRAM,
      statusFrom: 'active',
      statusTo: 'paused',
      commandid: 'theirs-1',
    });
    expect(verdict(await send('agent-1', inbox(conversation.id, 'resume')))).toBe('200 resumed');
    await goesOn(conversation);
  });

  test('elsewhere it is refused', async () => {
    const conversation = await held('site', 'active');
    await isRefused(conversation, 'pause', {}, 'FEATURE_DISABLED');
    await goesOn(conversation);
  });
});

describe('close', () => {
  test.each(['site', 'whatsapp', 'messaging'])(
    'on %s it is closed by a program, and counts for its agent',
    async (account) => {
      const conversation = await held(account, 'active');
      const { id, visitor } = conversation;
      await signal(conversation, 'close', { conversationId: id, tags: ['Refund'] });
      const closed = await log.event(id, 'closed');
      expect(closed).toMatchObject({
        actor: PROGRAM,
        closedBy: PROGRAM,
        closeKind: 'api',
        statsAgent: 'agent-1',
        transactionAgent: 'agent-1',
        tags: ['refund'],
        statusTo: 'closed',
      });
      await until('the survey decided', async () => log.types(id).find((type) => type.startsWith('survey-')));
      expect(log.types(id).slice(-3)).toEqual(['qualified', 'closed', expect.stringMatching(/^survey-/)]);
      await signal(conversation, 'close', { conversationId: id });
      expect(await say(visitor, 'One more thing')).not.toBe(id);
      expect(await refusalsOf(conversation)).toEqual([]);
    },
  );

  test('not under sellia’s policy', async () => {
    const conversation = await held('campaign-1', 'active');
    await isRefused(conversation, 'close', {}, 'FEATURE_DISABLED');
    await goesOn(conversation);
  });
});

describe('cancel', () => {
  test('D7, D8: under sellia’s policy it is cancelled by a program, and the customer begins anew', async () => {
    const conversation = await held('campaign-1', 'active');
    const { id, visitor } = conversation;
    await isRefused(conversation, 'cancel', {}, 'CATEGORY_REQUIRED');
    await signal(conversation, 'cancel', { conversationId: id, category: 'no-answer', subcategory: 'customer' });
    expect(await log.event(id, 'cancelled')).toMatchObject({
      actor: PROGRAM,
      closedBy: PROGRAM,
      closeKind: 'api',
      category: 'no-answer',
      subcategory: 'customer',
      statsAgent: 'agent-1',
      transactionAgent: 'agent-1',
      statusFrom: 'active',
      statusTo: 'cancelled',
      episode: 1,
    });
    expect(await refusalsOf(conversation)).toHaveLength(1);
    expect(await say(visitor, 'Hello again')).toBe(id);
    expect(await log.event(id, 'reactivated')).toMatchObject({ episode: 2, statusTo: 'bot' });
  });

  test('D5: not from a status outside the five', async () => {
    const conversation = await held('campaign-1', 'assigned');
    await as('agent-1').post(inbox(conversation.id, 'return-to-queue'), {});
    await isRefused(conversation, 'cancel', { category: 'spam' }, 'NOT_ELIGIBLE_STATE');
    expect(verdict(await send('agent-1', inbox(conversation.id, 'pick')))).toBe('200 assigned');
    await goesOn(conversation);
  });

  test('under no other policy', async () => {
    const conversation = await held('whatsapp', 'active');
    await isRefused(conversation, 'cancel', { category: 'spam' }, 'FEATURE_DISABLED');
    await goesOn(conversation);
  });
});

describe('reassign', () => {
  test('D4: to an agent who has room, whose desk it is on', async () => {
    const conversation = await held('whatsapp', 'active');
    const { id } = conversation;
    await signal(conversation, 'reassign', { conversationId: id, to: 'agent-2' });
    expect(await log.event(id, 'reassigned')).toMatchObject({
      actor: PROGRAM,
      assignedFrom: 'agent-1',
      assignedTo: 'agent-2',
      statusFrom: 'active',
      statusTo: 'assigned',
    });
    expect(verdict(await send('agent-1', inbox(id, 'close')))).toBe('403 FORBIDDEN_SCOPE');
    await goesOn(conversation, 'agent-2');
  });

  test('to nobody, or out of a status that policy does not name, it is refused', async () => {
    const conversation = await held('campaign-1', 'assigned');
    await isRefused(conversation, 'reassign', { to: 'nobody-here' }, 'TARGET_UNAVAILABLE');
    await as('agent-1').post(inbox(conversation.id, 'return-to-queue'), {});
    await isRefused(conversation, 'reassign', { to: 'agent-2' }, 'NOT_ELIGIBLE_STATE');
    expect(verdict(await send('agent-1', inbox(conversation.id, 'pick')))).toBe('200 assigned');
    await goesOn(conversation);
  });
});

test('garbage of every kind is refused into the audit, changes nothing, and the conversation goes on', async () => {
  const conversation = await held('whatsapp', 'active');
  const { id, threadId } = conversation;
  const json = (value: unknown): Payload => ({
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from(JSON.stringify(value)),
  });
  const named = (fields: object): Payload => json({ conversationId: id, ...fields });
  const garbage: [string, Payload[], string][] = [
    ['close', [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{no json') }], 'undecodable'],
    [
      'close',
      [{ metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from([0, 255]) }],
      'undecodable',
    ],
    ['close', [], 'one-object-expected'],
    ['close', [json('garbage')], 'one-object-expected'],
    ['close', [named({}), named({})], 'one-object-expected'],
    ['close', [json({})], 'conversation-not-named'],
    ['close', [json({ conversationId: 7 })], 'malformed'],
    ['close', [json({ conversationId: 'cnv_of-nobody' })], 'unknown-conversation'],
    ['close', [named({ tags: 'refund' })], 'malformed'],
    ['close', [named({ tags: ['someone@example.org'] })], 'malformed'],
    ['close', [named({ comment: 'free text' })], 'malformed'],
    ['close', [named({ caller: { kind: 'supervisor', role: 'super-administrator' } })], 'malformed'],
    ['close', [named({ note: 'x'.repeat(1_000_000) })], 'too-large'],
    ['pause', [named({ episode: '1' })], 'malformed'],
    ['cancel', [named({ category: { $ne: null } })], 'malformed'],
    ['reassign', [named({ to: ['agent-2'] })], 'malformed'],
    ['message', [named({ messageId: 'm', author: 'supervisor' })], 'malformed'],
    ['message', [named({ messageId: 'm', author: 'visitor', text: 'hello' })], 'malformed'],
    ['endSession', [named({})], 'unknown-signal'],
    ['drop table', [named({})], 'unknown-signal'],
  ];
  const before = await stateOf(conversation);
  for (const [signalName, payloads] of garbage) {
    await temporal.workflowService.signalWorkflowExecution({
      namespace: at('temporalNamespace'),
      workflowExecution: { workflowId: workflowIdOf(conversation) },
      signalName,
      input: { payloads },
    });
  }
  const refusals = await until('all of it in the audit', async () => {
    const all = await refusalsOf(conversation);
    return all.length >= garbage.length ? all : undefined;
  });
  const asRead = refusals.map(({ act, reason }) => `${String(act)}: ${String(reason)}`);
  const sent = garbage.map(([name, , reason]) => `${name === 'drop table' ? 'unreadable' : name}: ${reason}`);
  expect(asRead.sort()).toEqual(sent.sort());
  for (const refusal of refusals)
    expect(refusal).toMatchObject({ actor: PROGRAM, threadid: threadId, tenantid: 'demo' });
  expect(JSON.stringify(refusals)).not.toMatch(/free text|example\.org|hello|super-administrator/);
  expect(await stateOf(conversation)).toEqual(before);
  await goesOn(conversation);
});

interface Payload {
  metadata: Record<string, Uint8Array>;
  data: Uint8Array;
}
