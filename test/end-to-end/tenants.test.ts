import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import { signingKeyOf } from '../../deploy/local/keys.ts';
import { accessToken } from '../../deploy/local/tokens.ts';
import {
  admin,
  agentsReady,
  allItems,
  conversationIn,
  eventually,
  inbox,
  newContact,
  placeOf,
  say,
  send,
  writes,
} from './actors.ts';
import { as, at, field, introduce, issuer, textAt, verdict } from './stack.ts';
import { Reader } from './stream.ts';

/** Everything here is tenant `demo`'s and asked for by `other`, with every role that could: it does not exist. */
const visitor = { account: 'whatsapp', contact: newContact() };
const integration = 'other-integration-1';
const head = 'other-super-administrator-1';
let demo = '';
let messageId = '';
let view: unknown;

beforeAll(async () => {
  await agentsReady('agent-1', 'agent-2');
  const key = await signingKeyOf(dirname(at('logs')));
  const account = { name: head, tenant: 'other', roles: ['super-administrator'], scopes: ['tenant'] };
  introduce(head, await accessToken(issuer, key, account));
  demo = await conversationIn('active', visitor);
  messageId = (await writes(visitor, 'Hello?')).messageId;
  expect(await placeOf(visitor, messageId)).toBe(demo);
  view = await eventually(demo, (found) => field(found, 'messageCounts', 'visitor') === 2);
});

/** A conversation's id that nobody has: what answers differently for the two tells that one of them exists. */
const random = (id: string): string => `${id.slice(0, 4)}${'A'.repeat(22)}${id.slice(26)}`;
const itemsOf = (list: unknown): unknown[] => {
  const items = field(list, 'items');
  if (!Array.isArray(items)) throw new Error('no list');
  return items;
};

describe('another tenant’s ids do not exist', () => {
  test.each(['', '/timeline', '/explain', '/comments', '?at=1', '?at=2099-01-01T00:00:00Z'])(
    'I18: GET admin conversation%s',
    async (part) => {
      expect((await as('manager-1').send('GET', `/admin/v1/conversations/${demo}${part}`)).status).toBe(200);
      for (const who of ['other-manager-1', head])
        for (const id of [demo, random(demo)])
          expect(verdict(await as(who).send('GET', `/admin/v1/conversations/${id}${part}`))).toBe('404 not-found');
    },
  );

  test.each(['', '/messages', '/notes'])('I18: GET inbox conversation%s', async (part) => {
    expect((await as('agent-1').send('GET', `/inbox/v1/conversations/${demo}${part}`)).status).toBe(200);
    for (const who of ['other-agent-1', integration, 'other-manager-1', head])
      for (const id of [demo, random(demo)])
        expect(verdict(await as(who).send('GET', `/inbox/v1/conversations/${id}${part}`))).toBe('404 not-found');
  });

  test.each([
    ['pick', {}],
    ['pause', {}],
    ['resume', {}],
    ['return-to-queue', {}],
    ['close', {}],
    ['end-session', {}],
    ['qualify', { tags: ['refund'] }],
    ['reassign', { to: 'other-agent-1' }],
    ['messages', { id: 'foreign', text: 'x' }],
    ['notes', { text: 'x' }],
  ])('I18: inbox %s', async (verb, body) => {
    for (const id of [demo, random(demo)])
      for (const dryRun of ['', '?dryRun=true'])
        expect(verdict(await send('other-agent-1', `${inbox(id, verb)}${dryRun}`, body))).toBe('404 not-found');
  });

  test.each([
    ['a machine', integration, inbox, 'hand-over', {}],
    ['a machine', integration, inbox, 'pause', {}],
    ['a machine', integration, inbox, 'reassign', { to: 'other-agent-1' }],
    ['a manager', 'other-manager-1', inbox, 'reassign', { to: 'other-agent-1' }],
    ['a manager', 'other-manager-1', admin, 'close', {}],
    ['a manager', 'other-manager-1', admin, 'reassign', { to: 'other-agent-1' }],
    ['a super-administrator', head, admin, 'close', { comment: 'x' }],
    ['a super-administrator', head, admin, 'cancel', { category: 'spam' }],
    ['a super-administrator', head, admin, 'reassign', { to: 'other-agent-1' }],
    ['a machine', integration, admin, 'close', {}],
    ['a machine', integration, admin, 'cancel', {}],
  ])('I18: for %s (%s): %p %s', async (_what, who, path, verb, body) => {
    for (const id of [demo, random(demo)])
      for (const dryRun of ['', '?dryRun=true'])
        expect(verdict(await send(who, `${path(id, verb)}${dryRun}`, body))).toBe('404 not-found');
  });

  test('I18: channel accounts, their messages and their contacts', async () => {
    const machine = as(integration);
    const body = { id: 'x', contact: { id: visitor.contact }, text: 'z' };
    const here = '/inbox/v1/channels/whatsapp';
    expect(verdict(await machine.send('POST', `${here}/messages`, body))).toBe('404 not-found');
    expect(verdict(await machine.send('GET', `${here}/messages/${messageId}`))).toBe('404 not-found');
    const presence = { online: true, authenticated: true };
    const path = `contacts/${visitor.contact}/presence`;
    expect(verdict(await machine.send('PUT', `${here}/${path}`, presence))).toBe('404 not-found');
    // Both tenants have a `site`.
    expect(verdict(await machine.send('GET', `/inbox/v1/channels/site/messages/${messageId}`))).toBe('404 not-found');
    const account = '/inbox/v1/channel-accounts/whatsapp';
    const change = { kind: 'site', defaultCampaign: 'site', policy: 'iadvize-onsite', surveyOn: false };
    expect(verdict(await as(head).send('GET', account))).toBe('404 not-found');
    expect(verdict(await as(head).send('PUT', account, change))).toBe('404 not-found');
    expect(verdict(await as(head).send('DELETE', account))).toBe('404 not-found');
    expect((await as('super-administrator-1').send('GET', account)).body).toMatchObject({
      id: 'whatsapp',
      surveyOn: true,
    });
  });

  test('I18: on the account of the same name the same contact is somebody else', async () => {
    const mine = { account: 'site', contact: visitor.contact, presence: { online: true } };
    const id = await conversationIn('active', mine);
    const path = `/inbox/v1/channels/site/contacts/${visitor.contact}/presence`;
    await as(integration).send('PUT', path, { online: true, authenticated: true });
    const other = await say({ ...mine, integration });
    expect(other).not.toBe(id);
    const dry = await send('manager-1', `${admin(id, 'close')}?dryRun=true`);
    expect(field(dry.body, 'conversation', 'survey')).toEqual({
      decision: 'suppressed',
      reason: 'visitor-not-authenticated',
    });
    const found = await as(integration).get(`/inbox/v1/conversations/${other}`);
    expect(field(found, 'contactId')).not.toBe(
      field(await as('agent-1').get(`/inbox/v1/conversations/${id}`), 'contactId'),
    );
  });

  test('I18: an agent’s capacity', async () => {
    const path = '/inbox/v1/agents/agent-1/capacity';
    const before = await as('manager-1').get(path);
    for (const who of ['other-manager-1', head]) {
      expect(verdict(await as(who).send('GET', path))).toBe('404 not-found');
      expect(verdict(await as(who).send('PUT', path, { messaging: 0, email: 0 }))).toBe('404 not-found');
    }
    expect(await as('manager-1').get(path)).toEqual(before);
  });

  test.each([
    ['categories', 'resolved-elsewhere', { name: 'Theirs' }],
    ['categories/resolved-elsewhere/subcategories', 'by-phone', { name: 'Theirs' }],
    ['tags', 'refund', { name: 'refund' }],
    ['campaigns', 'whatsapp', { name: 'Theirs', groups: ['support'] }],
    ['groups', 'experts', { name: 'Theirs', members: [] }],
    ['people', 'agent-1', { name: 'Theirs', role: 'agent' }],
  ])('I18: configuration %s/%s', async (kind, id, body) => {
    const path = `/admin/v1/${kind}/${id}`;
    const before = await as('super-administrator-1').get(path);
    expect(verdict(await as('other-manager-1').send('GET', path))).toBe('404 not-found');
    expect(verdict(await as(head).send('GET', path))).toBe('404 not-found');
    expect(verdict(await as(head).send('DELETE', path))).toBe('404 not-found');
    // Without If-Match it would be theirs from now on; with it, it is refused as what nobody has is.
    const write = async (name: string): Promise<unknown[]> => {
      const answer = await as(head).send('PUT', `/admin/v1/${kind}/${name}`, body, { 'if-match': '"1"' });
      return [verdict(answer), field(answer.body, 'currentSequence')];
    };
    expect(await write(id)).toEqual(['412 STALE_VERSION', 0]);
    expect(await write('what-nobody-has')).toEqual(['412 STALE_VERSION', 0]);
    expect(await as('super-administrator-1').get(path)).toEqual(before);
  });

  test('I18: lists hold nothing of it, and one’s own goes on', async () => {
    const own = await say({ account: 'site', contact: newContact(), integration });
    const mine = await until('its own conversation in both lists', async () => {
      const lists = await Promise.all([
        as(integration).get('/inbox/v1/conversations?limit=200'),
        as('other-manager-1').get('/admin/v1/conversations?status=all&sort=-startedAt&limit=200'),
      ]);
      const isIn = (list: unknown): boolean => itemsOf(list).some((item) => field(item, 'conversationId') === own);
      return lists.every(isIn) ? lists : undefined;
    });
    for (const list of mine)
      expect(new Set(itemsOf(list).map((item) => field(item, 'tenant')))).toEqual(new Set(['other']));
    expect((await as('integration-1').send('GET', `/inbox/v1/conversations/${own}`)).status).toBe(404);
    expect((await as('super-administrator-1').send('GET', `/admin/v1/conversations/${own}`)).status).toBe(404);
  });

  test.each(['thread', 'contact'])('I18: lists asked for its %s are empty', async (by) => {
    const query = `${by}=${textAt(view, `${by}Id`)}&status=all`;
    for (const path of ['/inbox/v1/conversations', '/admin/v1/conversations']) {
      const own = itemsOf(await as('manager-1').get(`${path}?${query}`));
      expect(own.map((item) => field(item, 'conversationId'))).toEqual([demo]);
      for (const who of ['other-manager-1', head]) expect(itemsOf(await as(who).get(`${path}?${query}`))).toEqual([]);
    }
    expect(itemsOf(await as(integration).get(`/inbox/v1/conversations?${query}`))).toEqual([]);
    expect(itemsOf(await as('other-agent-1').get(`/inbox/v1/conversations?${query}`))).toEqual([]);
  });

  test('I18: the audit, the picking list and the desk', async () => {
    expect(verdict(await send('agent-2', inbox(demo, 'close')))).toBe('403 FORBIDDEN_SCOPE');
    const audit = `/admin/v1/audit?conversationId=${demo}`;
    await until('the refusal in the audit', async () =>
      itemsOf(await as('super-administrator-1').get(audit)).length > 0 ? true : undefined,
    );
    // What they tried themselves stands there, and nothing of ours.
    const theirs = itemsOf(await as(head).get(`${audit}&limit=200`));
    expect(theirs.filter((record) => field(record, 'tenantid') !== 'other')).toEqual([]);
    expect(theirs.filter((record) => !String(field(record, 'actor', 'id')).startsWith('other-'))).toEqual([]);
    const own = await say({ account: 'site', contact: newContact(), integration });
    const waiting = await until('its own conversation in the picking list', async () => {
      const items = await allItems('other-agent-1', '/inbox/v1/desk/picking-list?limit=200');
      return items.some((item) => field(item, 'conversationId') === own) ? items : undefined;
    });
    expect(new Set(waiting.map((item) => field(item, 'tenant')))).toEqual(new Set(['other']));
  });
});

describe('live streams', () => {
  const readers: Reader[] = [];
  afterAll(() => Promise.all(readers.map((reader) => reader.close())));

  test.each([
    ['other-manager-1', '/admin/v1/conversations/stream', 'manager-1'],
    ['other-agent-1', '/inbox/v1/desk/stream', 'agent-1'],
  ])('I18: %s hears nothing of it on %s', async (who, path, ours) => {
    const [theirs, own] = [await Reader.open(who, path), await Reader.open(ours, path)];
    readers.push(theirs, own);
    for (const reader of readers) await reader.next('ready', ({ event }) => event === 'ready');
    const here = await say({ account: 'site', contact: newContact() });
    await own.next('the conversation where it belongs', ({ data }) => field(data, 'conversationId') === here);
    const there = await say({ account: 'site', contact: newContact(), integration });
    await theirs.next('one of its own afterwards', ({ data }) => field(data, 'conversationId') === there);
    expect(theirs.heard.map(({ data }) => field(data, 'conversationId'))).not.toContain(here);
    const tenants = theirs.heard.map(({ data }) => field(data, 'conversation', 'tenant'));
    expect(new Set(tenants.filter((tenant) => tenant !== undefined))).toEqual(new Set(['other']));
  });
});
