import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Caller } from '@parley/contracts/actor';
import { LiveActivityQuery } from '@parley/contracts/admin-http';
import type { AuditRecord } from '@parley/contracts/audit';
import type { ConversationView } from '@parley/contracts/conversation';
import { createCursors } from '@parley/service/cursor';
import { ProblemError } from '@parley/service/problem';
import type { StreamEvent } from '@parley/service/sse';
import { Audit } from '../src/audit/audit.js';
import { CommentStore } from '../src/commands/comment.store.js';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { ConversationReader } from '../src/conversation/conversation.reader.js';
import { LifecycleProjector } from '../src/lifecycle/lifecycle.projector.js';
import { LiveActivityFeed } from '../src/live-activity/live-activity.feed.js';
import { LiveActivity } from '../src/live-activity/live-activity.js';
import { openAdminDatabase, settings } from './database.js';
import { agent, Lived, supervisor } from './lived.js';

const admin = await openAdminDatabase();
const { database } = admin;
const cursors = createCursors(settings.PARLEY_SECRET);
const configuration = new ConfigurationStore(database, settings);
const projector = new LifecycleProjector(database, settings.PUBLIC_URL);
const liveActivity = new LiveActivity(database, cursors, configuration);
const feed = new LiveActivityFeed(database, configuration);
const audit = new Audit(database, cursors);
const vault = await admin.openVault();
const comments = new CommentStore(database, vault);
const reader = new ConversationReader(database, cursors, configuration, audit, comments);
afterAll(() => admin.close());

const manager = supervisor('manager', 'team:support');
const administrator = supervisor('administrator', 'campaign:site');
const superAdministrator = supervisor('super-administrator', 'tenant');
const auditor = supervisor('auditor', 'tenant');

let threads = 0;
const life = (group: string, campaign: string) =>
  new Lived('iadvize-social', { group, campaign, thread: `th_${String(++threads).padStart(22, '0')}` });
async function told(lived: Lived): Promise<Lived> {
  for (const each of [...lived.events, ...lived.messages]) await projector.project(each);
  return lived;
}
const lives = {
  waiting: life('support', 'site').says(),
  active: life('support', 'whatsapp').says().says().assigned('eva').answers('eva'),
  experts: life('experts', 'site').says().assigned('expert-1'),
  closed: life('support', 'site').says().does({ type: 'close' }, superAdministrator),
};
beforeAll(async () => {
  for (const lived of Object.values(lives)) await told(lived);
});

const list = (caller: Caller, query: Record<string, string> = {}, tenant = 'demo') =>
  liveActivity.list(tenant, caller, LiveActivityQuery.parse(query));
const named = (items: ConversationView[], known: Record<string, Lived> = lives): string[] =>
  items.map(({ conversationId }) => Object.entries(known).find(([, { id }]) => id === conversationId)?.[0] ?? '?');

/** Page after page to the end, as the names of what is on each. */
async function pages(
  query: Record<string, string>,
  limit: number,
  known: Record<string, Lived> = lives,
): Promise<string[][]> {
  const seen: string[][] = [];
  let next: object = {};
  do {
    const { items, nextCursor } = await list(superAdministrator, { ...query, limit: String(limit), ...next });
    seen.push(named(items, known));
    next = nextCursor === null ? {} : { cursor: nextCursor };
  } while ('cursor' in next);
  return seen;
}

describe('Live Activity on a real database', () => {
  test('A2, D2: what has not ended, in the caller’s scope', async () => {
    expect(named((await list(superAdministrator)).items)).toEqual(['waiting', 'active', 'experts']);
    expect(named((await list(manager)).items)).toEqual(['waiting', 'active']);
    expect(named((await list(administrator)).items)).toEqual(['waiting', 'experts']);
    expect(named((await list(auditor)).items)).toEqual(['waiting', 'active', 'experts']);
    expect(named((await list(supervisor('manager'))).items)).toEqual([]);
    expect((await list(superAdministrator, {}, 'other')).items).toEqual([]);
  });

  test.each([
    [{ status: 'all' }, ['waiting', 'active', 'experts', 'closed']],
    [{ status: 'closed,pending' }, ['waiting', 'closed']],
    [{ campaign: 'site' }, ['waiting', 'experts']],
    [{ agent: 'eva' }, ['active']],
    [{ q: 'EXPERT' }, ['experts']],
    [{ q: '%' }, []],
    [{ idleForMs: '1' }, ['waiting', 'active', 'experts']],
    [{ idleForMs: '999999999999' }, []],
    [{ thread: lives.closed.state?.threadId ?? '', status: 'all' }, ['closed']],
  ])('%j', async (query, expected) => {
    expect(named((await list(superAdministrator, query)).items)).toEqual(expected);
  });

  test.each(['startedAt', '-startedAt'])('begun in the same instant, sorted by %s: by id, each once', async (sort) => {
    const query = { sort, status: 'all' };
    expect(await pages(query, 1)).toEqual([['waiting'], ['active'], ['experts'], ['closed']]);
    expect(await pages(query, 3)).toEqual([['waiting', 'active', 'experts'], ['closed']]);
  });

  test('each says which commands its reader may give', async () => {
    const [waiting] = (await list(manager, { status: 'pending' })).items;
    const enabled = waiting?.availableCommands?.filter((command) => command.enabled).map(({ command }) => command);
    expect(enabled).toEqual(['reassign', 'close', 'qualify', 'add-note']);
  });
});

describe('the order of Live Activity', () => {
  const ofPolicy = (inactivityMs?: number): Lived =>
    new Lived(inactivityMs === undefined ? 'iadvize-onsite' : 'iadvize-social', {
      ...{ group: 'sorted', campaign: 'sorted', thread: `th_${String(++threads).padStart(22, '0')}` },
      ...(inactivityMs !== undefined && { inactivityMs }),
    });
  const MINUTE_MS = 60_000;
  /** Their ids are in this order, which is none of those below; `untimed` has no deadline: it comes after every other. */
  const sorted = {
    second: ofPolicy(60 * MINUTE_MS)
      .later(1)
      .says()
      .later(7)
      .says(),
    fourth: ofPolicy(90 * MINUTE_MS)
      .later(3)
      .says(),
    untimed: ofPolicy().says().later(28).says(),
    third: ofPolicy(10 * MINUTE_MS)
      .later(2)
      .says()
      .later(16)
      .says(),
  };
  beforeAll(async () => {
    for (const lived of Object.values(sorted)) await told(lived);
  });

  test('what the four are', async () => {
    const { items } = await list(superAdministrator, { campaign: 'sorted', sort: 'startedAt' });
    const hour = (instant: string | null): string | undefined => instant?.slice(11, 16);
    expect(items.map((one) => [one.startedAt, one.lastMessageAt, one.deadlineAt].map(hour))).toEqual([
      ['10:01', '10:30', undefined],
      ['10:02', '10:10', '11:10'],
      ['10:03', '10:20', '10:30'],
      ['10:04', '10:04', '11:34'],
    ]);
  });

  test.each([
    ['startedAt', ['untimed', 'second', 'third', 'fourth']],
    ['-startedAt', ['fourth', 'third', 'second', 'untimed']],
    ['lastMessageAt', ['fourth', 'second', 'third', 'untimed']],
    ['-lastMessageAt', ['untimed', 'third', 'second', 'fourth']],
    ['deadlineAt', ['third', 'second', 'fourth', 'untimed']],
    ['-deadlineAt', ['untimed', 'fourth', 'second', 'third']],
    // What is asked without one.
    [undefined, ['fourth', 'third', 'second', 'untimed']],
  ])('sorted by %s, whole and page by page', async (sort, expected) => {
    const query = { campaign: 'sorted', ...(sort !== undefined && { sort }) };
    expect(await pages(query, 50, sorted)).toEqual([expected]);
    expect(await pages(query, 1, sorted)).toEqual(expected.map((one) => [one]));
    expect(await pages(query, 3, sorted)).toEqual([expected.slice(0, 3), expected.slice(3)]);
  });
});

describe('time travel (X6)', () => {
  const asked = () => ({ tenant: 'demo', caller: manager, conversationId: lives.active.id });

  test('the state at any sequence and instant is the fold up to it', async () => {
    expect(await reader.read(asked(), { at: 2 })).toMatchObject({
      status: 'pending',
      sequence: 2,
      messageCounts: { visitor: 2, agent: 0 },
    });
    const started = lives.active.events[0]?.time ?? '';
    expect(await reader.read(asked(), { at: started })).toMatchObject({
      sequence: 2,
      messageCounts: { visitor: 1, agent: 0 },
    });
    expect(await reader.read(asked(), { at: '2030-01-01T00:00:00.000Z' })).toMatchObject({ status: 'active' });
  });

  test.each([99, '2000-01-01T00:00:00.000Z'])('at %s there was nothing: 404', async (at) => {
    await expect(reader.read(asked(), { at })).rejects.toMatchObject({ slug: 'not-found' });
  });

  test('404 for what is not there, for another tenant and for no id alike; 403 out of scope', async () => {
    const refused = async (change: object): Promise<string> => {
      const answer: unknown = await reader.read({ ...asked(), ...change }, {}).catch((error: unknown) => error);
      return answer instanceof ProblemError ? answer.slug : 'answered';
    };
    expect(await refused({ tenant: 'other' })).toBe('not-found');
    expect(await refused({ conversationId: `${lives.active.id.slice(0, -1)}z` })).toBe('not-found');
    expect(await refused({ conversationId: '../../etc/passwd' })).toBe('not-found');
    expect(await refused({ caller: administrator })).toBe('forbidden-scope');
    expect(await refused({})).toBe('answered');
  });

  test('the timeline, page by page, is the whole', async () => {
    const whole = await reader.timeline(asked(), { limit: 200 }, 'en');
    const first = await reader.timeline(asked(), { limit: 3 }, 'en');
    const rest = await reader.timeline(asked(), { limit: 200, cursor: first.nextCursor ?? '' }, 'en');
    expect([...first.items, ...rest.items]).toEqual(whole.items);
    expect(whole.items).toHaveLength(lives.active.events.length + lives.active.messages.length);
  });

  test('F21: the timeline leaves out what only a newer deployment can tell; the state of that moment is there', async () => {
    const lived = await told(life('support', 'site').says().newer().assigned('eva'));
    const asked = { tenant: 'demo', caller: superAdministrator, conversationId: lived.id };
    const { items } = await reader.timeline(asked, { limit: 200 }, 'en');
    expect(items.map(({ sequence, type }) => [sequence, type.replace('conversation.', '')])).toEqual([
      [1, 'started'],
      [2, 'queued'],
      [2, 'message-received'],
      [4, 'assigned'],
    ]);
    expect(await reader.read(asked, { at: 3 })).toMatchObject({ sequence: 3, status: 'pending' });
    expect(await reader.explain(asked, 'en')).toMatchObject({ sequence: 4, why: { type: 'conversation.assigned' } });
  });

  test('A5: a comment is kept once a command, sealed, read back by supervisors in scope, gone with its contact', async () => {
    const text = 'Waiting since Tuesday.';
    const lived = life('support', 'site').says();
    const comment = { tenant: 'demo', conversationId: lived.id, contactId: 'con_1', by: 'manager-1', text };
    const id = await comments.keep('cmd:1', comment);
    expect(await comments.keep('cmd:1', comment)).toBe(id);
    await comments.keep('cmd:2', { ...comment, text: 'Of a close that Tuesday refused.' });
    const asked = () => ({ tenant: 'demo', caller: superAdministrator, conversationId: lived.id });
    await told(lived);
    expect((await reader.commentsOf(asked())).items).toEqual([]);
    await told(lived.does({ type: 'close', commentId: id }, superAdministrator));
    expect((await reader.commentsOf(asked())).items).toMatchObject([{ id, kind: 'comment', by: 'manager-1', text }]);
    const sealed = await database.inTenant('demo', (em) => em.execute<{ body: Buffer }[]>('select body from comment'));
    expect(sealed.map(({ body }) => body.toString('latin1').includes('Tuesday'))).toEqual([false, false]);
    await expect(reader.commentsOf({ ...asked(), caller: auditor })).rejects.toMatchObject({ slug: 'forbidden-scope' });
    await vault.destroy('demo', 'con_1');
    expect((await reader.commentsOf(asked())).items).toMatchObject([{ id, text: null }]);
  });

  test('an explanation names who was refused what', async () => {
    const record: AuditRecord = {
      id: 'aud_1',
      type: 'audit.command-refused',
      time: '2026-03-21T10:30:00.000Z',
      tenantid: 'demo',
      service: 'admin',
      actor: { kind: 'supervisor', id: 'administrator-1', role: 'administrator' },
      act: 'cancel',
      conversationId: lives.active.id,
      threadid: null,
      reason: 'FEATURE_DISABLED',
      commandid: null,
    };
    await audit.keep(record);
    await audit.keep(record);
    expect((await reader.explain(asked(), 'en')).refused).toEqual([record]);
    expect((await audit.list('demo', auditor, { limit: 50 })).items).toEqual([record]);
    expect((await audit.list('demo', administrator, { limit: 50 })).items).toEqual([record]);
    expect(
      (await audit.list('demo', supervisor('administrator', 'campaign:none'), { limit: 50, reason: 'x' })).items,
    ).toEqual([]);
    await expect(database.inTenant('demo', (em) => em.execute(`update audit set act = 'nothing'`))).rejects.toThrow(
      'append-only',
    );
    await expect(database.inTenant('demo', (em) => em.execute('delete from audit'))).rejects.toThrow('append-only');
  });
});

/** One reader of the stream, and what it heard. */
async function follow(caller: Caller, filter = {}) {
  const source = feed.sourceFor({ tenant: 'demo', caller, filter });
  const heard: StreamEvent[] = [];
  let wake: () => void = () => undefined;
  const stop = source.subscribe((event) => {
    heard.push(event);
    wake();
  });
  const from = await source.position();
  const until = async (count: number): Promise<unknown[]> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return heard.map(({ data }) => changeOf(data));
  };
  return { source, heard, from, until, stop };
}
const changeOf = (data: unknown): string => {
  const { change, conversation } = data as { change: string; conversation?: ConversationView };
  return conversation ? `${change} ${conversation.status} ${conversation.sequence}` : change;
};

describe('the live stream', () => {
  test('what changes is told; what leaves the filter is removed', async () => {
    const reading = await follow(manager);
    const lived = await told(life('support', 'site').says().does({ type: 'close' }, superAdministrator));
    const changes = await reading.until(1).then(async () => {
      while (!reading.heard.some(({ data }) => changeOf(data) === 'remove'))
        await reading.until(reading.heard.length + 1);
      return reading.heard.map(({ data }) => data as { conversationId: string });
    });
    expect(new Set(changes.map(({ conversationId }) => conversationId))).toEqual(new Set([lived.id]));
    reading.stop();
  });

  test('handed to another team: removed here, there it appears; before, that team heard nothing', async () => {
    const lived = await told(life('support', 'site').says());
    const [support, experts] = [await follow(manager), await follow(supervisor('manager', 'team:experts'))];
    const count = lived.events.length;
    lived.does({ type: 'reassign', to: 'expert-1', group: 'experts', lease: { granted: 'l' } }, superAdministrator);
    for (const event of lived.events.slice(count)) await projector.project(event);
    expect(await support.until(1)).toEqual(['remove']);
    expect(await experts.until(1)).toEqual(['put assigned 3']);
    support.stop();
    experts.stop();
  });

  test('Last-Event-ID: what was missed, on any replica; a position of the future is none', async () => {
    const { source, from, stop } = await follow(superAdministrator, { status: ['all'] });
    stop();
    const lived = await told(life('support', 'site').says());
    const other = new LiveActivityFeed(database, configuration).sourceFor({
      tenant: 'demo',
      caller: superAdministrator,
      filter: {},
    });
    const missed = await other.replay(from);
    expect(missed === 'too-old' ? missed : missed.map(({ data }) => changeOf(data))).toEqual(['put pending 2']);
    expect(
      missed === 'too-old' ? [] : missed.map(({ data }) => (data as { conversationId: string }).conversationId),
    ).toEqual([lived.id]);
    expect(await source.replay('999999999')).toBe('too-old');
  });
});

test('an agent’s token reaches no supervisor’s list', async () => {
  expect((await list(agent('eva'))).items).toEqual([]);
});
