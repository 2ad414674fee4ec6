import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  agentsReady,
  conversationIn,
  eventually,
  inbox,
  isAt,
  newContact,
  pick,
  placeOf,
  reply,
  say,
  send,
  writes,
} from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

const onWhatsapp = () => ({ account: 'whatsapp', contact: newContact() });
const listOf = async (agent: string, path: string): Promise<unknown[]> => {
  const items = field(await as(agent).get(path), 'items');
  return Array.isArray(items) ? items.map((item) => field(item, 'conversationId')) : [];
};

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
    expect(await listOf('agent-1', '/inbox/v1/desk')).not.toContain(id);
    expect(await listOf('agent-1', '/inbox/v1/desk/picking-list?limit=200')).toContain(id);
    expect(log.types(id)).not.toContain('closed');
    expect(verdict(await send('agent-1', inbox(id, 'close')))).toBe('200 closed');
    await eventually(id, isAt('closed'));
    expect(await listOf('agent-1', '/inbox/v1/desk/picking-list?limit=200')).not.toContain(id);
  });

  test('B10: the visitor’s message on a paused conversation brings it back to its agent', async () => {
    const visitor = onWhatsapp();
    const id = await conversationIn('paused', visitor);
    expect(await say(visitor, 'Here is the number.')).toBe(id);
    expect(await log.event(id, 'resumed')).toMatchObject({ statusFrom: 'paused', statusTo: 'active' });
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
    const second = await say(visitor, 'One more thing.');
    expect(second).not.toBe(first);
    expect(await log.event(second, 'started')).toMatchObject({ previousConversationId: first, episode: 1 });
    expect(
      field(await eventually(first, (view) => field(view, 'nextConversationId') !== null), 'nextConversationId'),
    ).toBe(second);
    expect(verdict(await send('agent-1', inbox(first, 'pause')))).toBe('409 STALE_TARGET');
  });

  test('B12: without a message from either side it closes and archives by itself, at its deadline and not before', async () => {
    const visitor = { account: 'whatsapp-fast', contact: newContact() };
    const id = await say(visitor);
    await pick('agent-1', id);
    await reply('agent-1', id);
    const lastMessage = (): number => Math.max(...messageTimes(id));
    const closed = await log.event(id, 'closed');
    await log.event(id, 'archived');
    expect(closed).toMatchObject({ closeKind: 'natural', closedBy: { kind: 'system' }, statsAgent: 'agent-1' });
    expect(Date.parse(String(closed['deadlineAt'])) - lastMessage()).toBe(5000);
    const late = Date.parse(String(closed['closedAt'])) - Date.parse(String(closed['deadlineAt']));
    expect(late).toBeGreaterThanOrEqual(0);
    expect(log.types(id).slice(-3)).toEqual(['closed', 'survey-requested', 'archived']);
  });

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

function messageTimes(conversationId: string): number[] {
  return log.records
    .filter(
      ({ topic, value }) => topic === 'conversation.messages.v1' && field(value, 'conversationId') === conversationId,
    )
    .map(({ value }) => Date.parse(String(field(value, 'acceptedAt'))));
}
