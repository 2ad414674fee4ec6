import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import {
  admin,
  agentsReady,
  allItems,
  conversationIn,
  eventually,
  heldBy,
  inbox,
  isAt,
  newContact,
  placeOf,
  say,
  send,
  writes,
} from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';
import { comes, newTeam, room } from './team.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

const onWhatsapp = () => ({ account: 'whatsapp', contact: newContact() });
const desk = async (agent: string): Promise<unknown[]> => idsOf(field(await as(agent).get('/inbox/v1/desk'), 'items'));
const pickingList = async (agent: string): Promise<unknown[]> =>
  idsOf(await allItems(agent, '/inbox/v1/desk/picking-list?limit=200'));
const idsOf = (items: unknown): unknown[] =>
  Array.isArray(items) ? items.map((item) => field(item, 'conversationId')) : [];

describe('an agent closes', () => {
  test('B1: closing frees the agent; only the assignee may', async () => {
    const id = await conversationIn('active', onWhatsapp());
    expect(verdict(await send('agent-2', inbox(id, 'close')))).toBe('403 FORBIDDEN_SCOPE');
    const answer = await send('agent-1', inbox(id, 'close'));
    expect(verdict(answer)).toBe('200 closed');
    expect(await log.event(id, 'closed')).toMatchObject({
      closeKind: 'agent',
      closedBy: { kind: 'agent', id: 'agent-1' },
      statsAgent: 'agent-1',
    });
  });

  test('B4, B5: qualified and noted at the close; the note reads back, its text is in no event', async () => {
    const id = await conversationIn('active', onWhatsapp());
    const note = 'Promised a call on Monday.';
    const answer = await send('agent-1', inbox(id, 'close'), { tags: ['refund', 'Made on the spot'], note });
    expect(verdict(answer)).toBe('200 closed');
    await log.event(id, 'survey-requested');
    expect(log.types(id).slice(-4)).toEqual(['qualified', 'note-added', 'closed', 'survey-requested']);
    expect(field(answer.body, 'conversation', 'tags')).toEqual(['refund', 'Made on the spot']);
    const notes = field(await as('agent-1').get(inbox(id, 'notes')), 'items');
    expect(notes).toEqual([expect.objectContaining({ kind: 'note', by: 'agent-1', text: note })]);
    expect(JSON.stringify(log.life(id))).not.toContain('Monday');
  });

  test('B9: tags and notes can be added after the close', async () => {
    const id = await conversationIn('closed', onWhatsapp());
    const figures = field(await as('agent-1').get(`/inbox/v1/conversations/${id}`), 'closing');
    expect(verdict(await send('agent-1', inbox(id, 'qualify'), { tags: ['delivery'] }))).toBe('200 qualified');
    expect(verdict(await send('agent-1', inbox(id, 'notes'), { text: 'They rang again.' }))).toBe('200 note-added');
    const after = await eventually(id, (view) => field(view, 'notes', '0', 'afterClose') === true);
    expect(field(after, 'tags')).toEqual(['delivery']);
    expect(field(after, 'closing')).toEqual(figures);
  });

  test('B10: pause leaves the panel, stays in the picking list and is not counted as closed', async () => {
    const id = await conversationIn('paused', onWhatsapp());
    await log.event(id, 'paused');
    await eventually(id, isAt('paused'));
    expect(await desk('agent-1')).not.toContain(id);
    expect(await pickingList('agent-1')).toContain(id);
    expect(log.types(id)).not.toContain('closed');
    expect(verdict(await send('agent-1', inbox(id, 'close')))).toBe('200 closed');
    await eventually(id, isAt('closed'));
    expect(await pickingList('agent-1')).not.toContain(id);
  });

  test('B10: the visitor’s message on a paused conversation brings it back to its agent', async () => {
    const visitor = onWhatsapp();
    const id = await conversationIn('paused', visitor);
    expect(await say(visitor, 'Here is the number.')).toBe(id);
    expect(await log.event(id, 'resumed')).toMatchObject({ statusFrom: 'paused', statusTo: 'active' });
  });

  test('B10: the assignee resumes it, nobody else; another agent of the team picks it', async () => {
    const id = await conversationIn('paused', onWhatsapp());
    const held = await heldBy('agent-1');
    expect(verdict(await send('agent-2', inbox(id, 'resume')))).toBe('403 FORBIDDEN_SCOPE');
    const resumed = await send('agent-1', inbox(id, 'resume'));
    expect(verdict(resumed)).toBe('200 resumed');
    expect(field(resumed.body, 'conversation', 'status')).toBe('active');
    expect(await heldBy('agent-1')).toBe(held + 1);
    expect(await log.event(id, 'resumed')).toMatchObject({
      statusFrom: 'paused',
      statusTo: 'active',
      assignedTo: 'agent-1',
      actor: { kind: 'agent', id: 'agent-1', role: 'agent' },
    });
    for (const wrong of ['agent-2', 'manager-1', 'auditor-1'])
      expect((await send(wrong, inbox(id, 'pause'))).status).toBe(403);
    const paused = await send('integration-1', inbox(id, 'pause'));
    expect(verdict(paused)).toBe('200 paused');
    expect(await log.at(id, field(paused.body, 'sequence'))).toMatchObject({
      ...{ type: 'conversation.paused', statusFrom: 'active', assignedTo: 'agent-1' },
      actor: { kind: 'integration', id: 'integration-1' },
    });
    const picked = await send('agent-2', inbox(id, 'pick'));
    expect(verdict(picked)).toBe('200 assigned');
    expect(field(picked.body, 'conversation', 'assignedTo')).toBe('agent-2');
    expect(verdict(await send('agent-1', inbox(id, 'close')))).toBe('403 FORBIDDEN_SCOPE');
    expect(await heldBy('agent-1')).toBe(held);
    await send('agent-2', inbox(id, 'close'));
    expect(await log.event(id, 'closed')).toMatchObject({ statsAgent: 'agent-2', transactionAgent: 'agent-1' });
  });

  test('B10: where its agent has no room, the visitor’s message brings it into the queue', async () => {
    const { id: account, agents } = await newTeam();
    const [agent] = agents;
    await comes(agent, 'picking');
    await room(agent, 1);
    const visitor = { account, contact: newContact() };
    const id = await conversationIn('paused', visitor, agent);
    await conversationIn('assigned', { account, contact: newContact() }, agent);
    expect(verdict(await send(agent, inbox(id, 'resume')))).toBe('409 CAPACITY_FULL');
    expect(await say(visitor, 'Here is the number.')).toBe(id);
    const queued = { statusFrom: 'paused', statusTo: 'pending', pendingReason: 'in-queue' };
    await eventually(id, isAt('pending'));
    await until('its event', async () => (log.types(id).at(-1) === 'queued' ? true : undefined));
    expect(log.life(id).at(-1)).toMatchObject(queued);
    expect(field(await as('super-administrator-1').get(`/inbox/v1/conversations/${id}`), 'assignedTo')).toBeNull();
    expect(await heldBy(agent)).toBe(1);
  });

  test('B10: pause is not offered where policy has none', async () => {
    const id = await conversationIn('active', { account: 'site', contact: newContact() });
    expect(verdict(await send('agent-1', inbox(id, 'pause')))).toBe('409 FEATURE_DISABLED');
  });

  test('B11: nobody reopens; a new message makes a new, linked conversation', async () => {
    const visitor = onWhatsapp();
    const first = await conversationIn('closed', visitor);
    for (const verb of ['pick', 'resume', 'pause', 'return-to-queue']) {
      expect(verdict(await send('agent-1', inbox(first, verb)))).toBe('409 NOT_ELIGIBLE_STATE');
    }
    const supervisors = ['manager-1', 'administrator-2', 'integration-1'];
    for (const who of supervisors)
      expect(verdict(await send(who, admin(first, 'reassign'), { to: 'agent-2' }))).toBe('409 NOT_ELIGIBLE_STATE');
    const word = { id: newContact('a'), text: 'Still there?' };
    expect(verdict(await send('agent-1', inbox(first, 'messages'), word))).toBe('409 NOT_ELIGIBLE_STATE');
    const second = await say(visitor, 'One more thing.');
    expect(second).not.toBe(first);
    expect(await log.event(second, 'started')).toMatchObject({ previousConversationId: first, episode: 1 });
    expect(
      field(await eventually(first, (view) => field(view, 'nextConversationId') !== null), 'nextConversationId'),
    ).toBe(second);
    expect(verdict(await send('agent-1', inbox(first, 'pause')))).toBe('409 STALE_TARGET');
    for (const who of supervisors)
      expect(verdict(await send(who, admin(first, 'reassign'), { to: 'agent-2' }))).toBe('409 STALE_TARGET');
    expect(verdict(await send('agent-1', inbox(first, 'messages'), word))).toBe('409 STALE_TARGET');
    expect(log.types(first).slice(-2)).toEqual(['closed', 'survey-requested']);
    expect(field(await eventually(second, isAt('pending')), 'messageCounts')).toEqual({ visitor: 1, agent: 0 });
  });

  test.each([
    ['pending', null],
    ['assigned', 'agent-1'],
    ['active', 'agent-1'],
    ['paused', 'agent-1'],
    ['returned', null],
  ])(
    'B12: while %s, without a message from either side it closes and archives by itself, at its deadline and not before',
    async (status, statsAgent) => {
      const id = await conversationIn(status, { account: 'whatsapp-fast', contact: newContact() });
      const closed = await log.event(id, 'closed');
      await log.event(id, 'archived');
      expect(closed).toMatchObject({
        statusFrom: status === 'returned' ? 'pending' : status,
        closeKind: 'natural',
        closedBy: { kind: 'system' },
        statsAgent,
        transactionAgent: isAnswered(status) ? 'agent-1' : null,
      });
      const deadline = Date.parse(String(closed['deadlineAt']));
      expect(deadline - Math.max(...(await messageTimes(id, isAnswered(status) ? 2 : 1)))).toBe(5000);
      const late = Date.parse(String(closed['closedAt'])) - deadline;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(1000);
      expect(log.types(id).slice(-3)).toEqual(['closed', 'survey-requested', 'archived']);
      expect(await eventually(id, (view) => field(view, 'archived') === true)).toMatchObject({ status: 'closed' });
      const inInbox = await until('inbox to have archived it', async () => {
        const view = await as('integration-1').get(`/inbox/v1/conversations/${id}`);
        return field(view, 'archived') === true ? view : undefined;
      });
      expect(field(inInbox, 'closing', 'closeKind')).toBe('natural');
    },
  );

  test('B13: messages read back in order, by who may read them', async () => {
    const visitor = onWhatsapp();
    const id = await conversationIn('active', visitor);
    const { messageId } = await writes(visitor, 'Thank you');
    await placeOf(visitor, messageId);
    await send('agent-1', inbox(id, 'close'));
    const items = field(await as('agent-1').get(inbox(id, 'messages')), 'items');
    expect(
      Array.isArray(items)
        ? items.map((item) => [field(item, 'author', 'kind') ?? field(item, 'author'), field(item, 'text')])
        : [],
    ).toEqual([
      ['visitor', 'Where is my parcel?'],
      ['agent', 'Let me look.'],
      ['visitor', 'Thank you'],
    ]);
    expect((await as('auditor-1').send('GET', inbox(id, 'messages'))).status).toBe(403);
  });
});

const isAnswered = (status: string): boolean => ['active', 'paused', 'returned'].includes(status);

/** When each message was accepted, once the log has so many. */
function messageTimes(conversationId: string, count: number): Promise<number[]> {
  return until(`${count} messages of ${conversationId} in the log`, async () => {
    const times = log.records
      .filter(
        ({ topic, value }) => topic === 'conversation.messages.v1' && field(value, 'conversationId') === conversationId,
      )
      .map(({ value }) => Date.parse(String(field(value, 'acceptedAt'))));
    return times.length >= count ? times : undefined;
  });
}
