import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Caller } from '@parley/contracts/actor';
import type { ConversationView } from '@parley/contracts/conversation';
import { ConversationsQuery, ListQuery } from '@parley/contracts/inbox-http';
import { createCursors } from '@parley/service/cursor';
import { SECRET } from '../../../test/parts/postgres.js';
import { Conversations } from '../src/commands/conversations.js';
import { ConfigurationRow } from '../src/configuration/configuration.entity.js';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { History } from '../src/history/history.js';
import { foldEvent, foldMessage } from '../src/lifecycle/conversation-fold.js';
import { openInboxDatabase } from './database.js';
import { agent, keepPlaced, Lived, storedRow } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
/** Neither a run nor a key is needed to read what was folded here. */
const history = new History(
  database,
  { open: async (_: unknown, body: Buffer) => body.toString() } as never,
  createCursors(SECRET),
  new Conversations(database, {} as never, {} as never),
  new ConfigurationStore(database),
  {} as never,
  {} as never,
);

const superAdministrator: Caller = {
  ...{ kind: 'supervisor', id: 'super-administrator-1', role: 'super-administrator', scopes: ['tenant'] },
};
const [one, two] = [agent('agent-1'), agent('agent-2')];
const thread = (number: number): string => `th_${String(number).padStart(22, '0')}`;

const from = (contactId: string, channelAccount: string, campaign: string) => ({ contactId, channelAccount, campaign });
/** Each begins at the minute after `later`, `active` and `tied` in the same one. */
const early = new Lived(thread(1), 1, null, from('ct_1', 'whatsapp', 'whatsapp'))
  .says()
  .assigned('agent-1')
  .answers('agent-1')
  .does({ type: 'close', tags: ['refund'], category: 'no-answer' }, one);
const active = new Lived(thread(2), 1, null, from('ct_2', 'site', 'site')).later(4).says().assigned('agent-2');
for (let said = 0; said < 10; said += 1) active.answers('agent-2');
active.does({ type: 'qualify', tags: ['opening-hours'] }, two);
const lives: Record<string, Lived> = {
  early,
  active,
  tied: new Lived(thread(3), 1, null, from('ct_1', 'site', 'experts'))
    .later(4)
    .says()
    .assigned('agent-1')
    .does({ type: 'qualify', category: 'spam' }, one),
  left: new Lived(thread(4), 1, null, from('ct_4', 'whatsapp', 'autumn'))
    .later(6)
    .says()
    .assigned('agent-1')
    .does({ type: 'reassign', to: 'agent-2', lease: { granted: 'l' } }, one)
    .does({ type: 'qualify', tags: ['late-refund'] }, two)
    .does({ type: 'pause' }, two),
  again: new Lived(thread(1), 2, early.id, from('ct_1', 'whatsapp', 'whatsapp')).later(9).says(),
};
const TAGS = { refund: 'Refund', 'late-refund': 'Late Refund', 'opening-hours': 'Opening Hours' };

beforeAll(async () => {
  await database.inTenant(tenant, async (em) => {
    for (const [key, name] of Object.entries(TAGS)) {
      const value = { id: key, name, category: null, archived: false };
      await em.insert(ConfigurationRow, { tenant, kind: 'tag', key, version: 1, value });
    }
    for (const { events, messages } of Object.values(lives)) {
      for (const said of messages) {
        await keepPlaced(em, said);
        const body = Buffer.from(`text ${said.messageNumber}`);
        await em.nativeUpdate(MessageRow, { tenant, id: said.messageId }, { body });
        await foldMessage(em, said);
      }
      for (const event of events) await foldEvent(em, event);
    }
  });
});

const named = (items: ConversationView[]): string[] =>
  items.map((item) => Object.entries(lives).find(([, { id }]) => id === item.conversationId)?.[0] ?? '?');
const list = (query: Record<string, string> = {}, caller = superAdministrator, of = tenant) =>
  history.list(of, caller, ConversationsQuery.parse(query));
const messagesOf = (conversationId: string, query: Record<string, string> = {}) =>
  history.messages({ tenant, caller: superAdministrator, conversationId }, ListQuery.parse(query));

/** Page after page to the end; each but the last is full. */
async function paged<T>(limit: number, page: (cursor: object) => Promise<{ items: T[]; nextCursor: string | null }>) {
  const pages: T[][] = [];
  let cursor: string | null = null;
  do {
    const { items, nextCursor } = await page({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
    pages.push(items);
    cursor = nextCursor;
  } while (cursor !== null);
  return pages;
}
const NEWEST_FIRST = ['again', 'left', 'tied', 'active', 'early'];
const at = (minute: string): string => `2026-11-21T10:${minute}.000Z`;

describe('the history on a real database, the newest first', () => {
  test.each<[Record<string, string>, string[]]>([
    [{}, NEWEST_FIRST],
    [{ thread: thread(1) }, ['again', 'early']],
    [{ thread: thread(9) }, []],
    [{ contact: 'ct_1' }, ['again', 'tied', 'early']],
    [{ status: 'pending' }, ['again']],
    [{ status: 'paused,closed' }, ['left', 'early']],
    [{ status: 'cancelled' }, []],
    [{ status: 'all' }, NEWEST_FIRST],
    // The assignee, or on whose panel it was at the end; not who had it once.
    [{ agent: 'agent-1' }, ['tied', 'early']],
    [{ agent: 'agent-2' }, ['left', 'active']],
    [{ channelAccount: 'site' }, ['tied', 'active']],
    [{ campaign: 'site' }, ['active']],
    [{ campaign: 'autumn' }, ['left']],
    // By its name or its slug, whole.
    [{ tag: 'refund' }, ['early']],
    [{ tag: 'OPENING Hours' }, ['active']],
    [{ tag: 'fund' }, []],
    [{ category: 'no-answer' }, ['early']],
    [{ category: 'spam' }, ['tied']],
    // When it began: `from` is in, `to` is not.
    [{ from: at('05:00') }, ['again', 'left', 'tied', 'active']],
    [{ from: '2026-11-21T10:05:00.001Z' }, ['again', 'left']],
    [{ from: '2026-11-21T12:07:00+02:00' }, ['again', 'left']],
    [{ to: at('05:00') }, ['early']],
    [{ to: '2026-11-21T10:05:00.001Z' }, ['tied', 'active', 'early']],
    // A whole id or a part of a tag: nothing else can be read.
    [{ q: lives['left']?.id ?? '' }, ['left']],
    [{ q: thread(1) }, ['again', 'early']],
    [{ q: 'ct_4' }, ['left']],
    [{ q: 'ct_' }, []],
    [{ q: 'FUND' }, ['left', 'early']],
    [{ q: 'opening h' }, ['active']],
    [{ q: '%' }, []],
    [{ q: 'whatsapp' }, []],
  ])('%j', async (query, expected) => {
    expect(named((await list(query)).items)).toEqual(expected);
  });

  test.each<[Record<string, string>, string[]]>([
    [{ contact: 'ct_1', status: 'pending,closed' }, ['again', 'early']],
    [{ agent: 'agent-1', channelAccount: 'site' }, ['tied']],
    [{ from: at('05:00'), to: at('10:00') }, ['left', 'tied', 'active']],
    [{ q: 'refund', channelAccount: 'whatsapp', category: 'no-answer' }, ['early']],
    [{ tag: 'refund', agent: 'agent-2' }, []],
  ])('both hold: %j', async (query, expected) => {
    expect(named((await list(query)).items)).toEqual(expected);
  });

  test('within the caller’s reach, and nothing of another tenant', async () => {
    expect(named((await list({}, two)).items)).toEqual(['again', 'left', 'active']);
    expect((await list({}, superAdministrator, 'other')).items).toEqual([]);
  });

  test.each<[number, Record<string, string>, string[][]]>([
    [1, {}, [['again'], ['left'], ['tied'], ['active'], ['early']]],
    [2, {}, [['again', 'left'], ['tied', 'active'], ['early']]],
    [
      3,
      {},
      [
        ['again', 'left', 'tied'],
        ['active', 'early'],
      ],
    ],
    [5, {}, [NEWEST_FIRST]],
    [1, { channelAccount: 'site' }, [['tied'], ['active']]],
    [2, { contact: 'ct_1', status: 'all' }, [['again', 'tied'], ['early']]],
  ])('page by page, %i at a time, %j: each once, in order', async (limit, query, expected) => {
    const pages = await paged(limit, (cursor) => list({ ...query, ...cursor }));
    expect(pages.map(named)).toEqual(expected);
  });

  test('a cursor goes on in its own list alone, however much at a time', async () => {
    const cursor = (await list({ agent: 'agent-1', limit: '1' })).nextCursor ?? '';
    expect(named((await list({ agent: 'agent-1', limit: '7', cursor })).items)).toEqual(['early']);
    const malformed = { slug: 'malformed', status: 400 };
    await expect(list({ agent: 'agent-2', cursor })).rejects.toMatchObject(malformed);
    await expect(list({ agent: 'agent-1', status: 'all', cursor })).rejects.toMatchObject(malformed);
    await expect(list({ cursor })).rejects.toMatchObject(malformed);
    await expect(list({ agent: 'agent-1', cursor }, superAdministrator, 'other')).rejects.toMatchObject(malformed);
    await expect(messagesOf(active.id, { cursor })).rejects.toMatchObject(malformed);
  });
});

describe('what was said, on a real database', () => {
  const all = Array.from({ length: 11 }, (_, index) => `text ${index + 1}`);

  test('in order, each once, whole or page by page', async () => {
    const whole = await messagesOf(active.id);
    expect(whole.items.map(({ text }) => text)).toEqual(all);
    expect(whole.nextCursor).toBeNull();
    expect(whole.items.slice(0, 2)).toEqual(
      active.messages.slice(0, 2).map(({ messageId, author, acceptedAt }, index) => ({
        ...{ messageId, conversationId: active.id, author, text: all[index], at: acceptedAt },
      })),
    );
    for (const limit of [1, 2, 11]) {
      const pages = await paged(limit, (cursor) => messagesOf(active.id, { ...cursor }));
      expect(pages.flat()).toEqual(whole.items);
      expect(pages.map(({ length }) => length)).toEqual(
        Array.from({ length: Math.ceil(11 / limit) }, (_, page) => Math.min(limit, 11 - page * limit)),
      );
    }
  });

  test('a cursor of another conversation or of the list is refused', async () => {
    const cursor = (await messagesOf(active.id, { limit: '1' })).nextCursor ?? '';
    expect((await messagesOf(active.id, { limit: '1', cursor })).items.map(({ text }) => text)).toEqual(['text 2']);
    const malformed = { slug: 'malformed', status: 400 };
    await expect(messagesOf(early.id, { cursor })).rejects.toMatchObject(malformed);
    await expect(list({ cursor })).rejects.toMatchObject(malformed);
  });

  test('what has no place yet, or was refused one, was not said', async () => {
    const position = 1000;
    await database.inTenant(tenant, async (em) => {
      for (const [index, state] of (['stored', 'handed', 'refused', 'withdrawn'] as const).entries()) {
        const row = storedRow(tenant, thread(2), position + index, `msg_unplaced_${state}`);
        await em.insert(MessageRow, { ...row, state, conversationId: active.id, messageNumber: 12 + index });
      }
    });
    expect((await messagesOf(active.id)).items.map(({ text }) => text)).toEqual(all);
  });
});
