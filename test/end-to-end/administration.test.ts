import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsumerHandle, startConsumer } from '@parley/lifecycle-log/consumer';
import { until } from '../../deploy/local/demo/play.ts';
import { admin, agentsReady, conversationIn, inbox, newContact, say, send } from './actors.ts';
import { as, at, field, textAt, verdict, type Answer } from './stack.ts';
import { comes, givenTo, goes, newTeam, room } from './team.ts';

/** In letters: six digits in a row are no tag. */
const unique = (name: string): string =>
  `${name}-${randomUUID()
    .slice(0, 8)
    .replaceAll(/\d/g, (digit) => String.fromCodePoint(103 + Number(digit)))}`;
const head = as('super-administrator-1');
const path = (collection: string, id?: string): string =>
  `/admin/v1/${collection}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`;
const tagOf = ({ headers }: Answer): string | null => headers.get('etag');
const itemsOf = (list: unknown): unknown[] => {
  const items = field(list, 'items');
  return Array.isArray(items) ? items : [];
};
const idsIn = async (collection: string, query = ''): Promise<unknown[]> =>
  itemsOf(await head.get(`${path(collection)}?limit=200${query}`)).map((item) => field(item, 'id'));

/** What outside consumers see of configuration. */
const written: unknown[] = [];
let consumer: ConsumerHandle;
beforeAll(async () => {
  consumer = startConsumer({
    ...{ brokers: at('kafka'), group: `test-${randomUUID()}`, topics: ['parley.configuration.v1'] },
    fromBeginning: true,
    handle: async ({ value }) => void written.push(value),
    onGiveUp: (reason) => {
      throw new Error(reason);
    },
  });
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => consumer.stop());

/** Versions and values of one key on the log, once there are `count`. */
const versionsOf = (kind: string, key: string, count: number): Promise<unknown[]> =>
  until(`${count} versions of ${kind}/${key}`, async () => {
    const found = written.filter((value) => field(value, 'kind') === kind && field(value, 'key') === key);
    const byVersion = new Map(found.map((value) => [field(value, 'version'), field(value, 'value')]));
    return byVersion.size >= count ? [...byVersion] : undefined;
  });

interface Kind {
  kind: string;
  collection: string;
  create: Record<string, unknown>;
  change: Record<string, unknown>;
  id: string;
  key: string;
  archives: boolean;
  /** Whether an administrator of other campaigns may write it. */
  isEverybodys: boolean;
}
function kinds(): Kind[] {
  const id = unique('adm');
  const taxonomy = { id, key: id, archives: true, isEverybodys: true };
  const routing = { id, key: id, archives: false, isEverybodys: false };
  const [create, change] = [{ id, name: 'First' }, { name: 'Second' }];
  return [
    { kind: 'category', collection: 'categories', create, change, ...taxonomy },
    {
      ...taxonomy,
      kind: 'subcategory',
      collection: 'categories/spam/subcategories',
      create,
      change,
      key: `spam/${id}`,
    },
    { kind: 'tag', collection: 'tags', create: { name: id }, change: { name: id, category: 'order' }, ...taxonomy },
    {
      ...{ kind: 'campaign', collection: 'campaigns', create: { ...create, groups: ['support'] } },
      ...{ change: { ...change, groups: ['experts'] }, ...routing },
    },
    {
      ...{ kind: 'group', collection: 'groups', create: { ...create, members: ['agent-1'] } },
      ...{ change: { ...change, members: ['agent-2'] }, ...routing },
    },
    {
      ...{ kind: 'person', collection: 'people', create: { ...create, role: 'agent' } },
      ...{ change: { ...change, role: 'manager' }, ...routing },
    },
  ];
}

describe.each(kinds().map((each): [string, Kind] => [each.kind, each]))('a %s', (_name, thing) => {
  const { kind, collection, create, change, id, key, archives, isEverybodys } = thing;
  const one = path(collection, id);

  test('is made by administrators, once; read and listed by its tenant alone', async () => {
    expect(verdict(await send('manager-1', path(collection), create))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await send('agent-1', path(collection), create))).toBe('403 FORBIDDEN_ROLE');
    expect((await head.send('GET', one)).status).toBe(404);
    const dry = await send('super-administrator-1', `${path(collection)}?dryRun=true`, create);
    expect([dry.status, field(dry.body, 'version')]).toEqual([201, 1]);
    expect((await head.send('GET', one)).status).toBe(404);
    const made = await send('super-administrator-1', path(collection), create);
    expect([made.status, field(made.body, 'id'), field(made.body, 'version'), tagOf(made)]).toEqual([
      201,
      id,
      1,
      '"1"',
    ]);
    expect(verdict(await send('super-administrator-1', path(collection), create))).toBe('409 conflict');
    const read = await as('agent-1').send('GET', one);
    expect([read.status, read.body, tagOf(read)]).toEqual([200, made.body, '"1"']);
    expect(await idsIn(collection)).toContain(id);
    expect((await as('other-manager-1').send('GET', one)).status).toBe(404);
    expect(itemsOf(await as('other-manager-1').get(`${path(collection)}?limit=200`))).not.toContainEqual(made.body);
  });

  test('is changed as it was read: a stale If-Match is refused and changes nothing', async () => {
    const put = (who: string, query = '', headers = {}): Promise<Answer> =>
      as(who).send('PUT', one + query, change, headers);
    expect(verdict(await put('manager-1'))).toBe('403 FORBIDDEN_ROLE');
    if (!isEverybodys) expect(verdict(await put('administrator-1'))).toBe('403 FORBIDDEN_SCOPE');
    const dry = await put('super-administrator-1', '?dryRun=true', { 'if-match': '"1"' });
    expect([dry.status, field(dry.body, 'version')]).toEqual([200, 2]);
    const changed = await put('super-administrator-1', '', { 'if-match': '"1"' });
    expect([changed.status, changed.body, tagOf(changed)]).toEqual([200, dry.body, '"2"']);
    for (const query of ['', '?dryRun=true']) {
      const stale = await put('super-administrator-1', query, { 'if-match': '"1"' });
      expect([verdict(stale), field(stale.body, 'currentSequence')]).toEqual(['412 STALE_VERSION', 2]);
    }
    expect(await head.get(one)).toEqual(changed.body);
  });

  test(archives ? 'is archived, for events go on naming it' : 'is withdrawn', async () => {
    expect(verdict(await as('manager-1').send('DELETE', one))).toBe('403 FORBIDDEN_ROLE');
    expect((await head.send('DELETE', one, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await head.send('DELETE', one, undefined, { 'if-match': '"2"' })).status).toBe(200);
    expect(await idsIn(collection)).not.toContain(id);
    const read = await head.send('GET', one);
    expect([read.status, field(read.body, 'archived')]).toEqual(archives ? [200, true] : [404, undefined]);
    if (archives) expect(await idsIn(collection, '&archived=true')).toContain(id);
  });

  test('each version stands on the configuration log, under its key', async () => {
    const [first, second, third] = await versionsOf(kind, key, 3);
    expect(first).toEqual([1, expect.objectContaining({ id, name: create['name'] })]);
    expect(second).toEqual([2, expect.objectContaining({ id, ...change })]);
    expect(third).toEqual([3, archives ? expect.objectContaining({ archived: true }) : null]);
  });
});

test('D2: an administrator writes the own campaigns and no others', async () => {
  const body = async (id: string): Promise<object> => {
    const found = await head.get(path('campaigns', id));
    const fields = ['name', 'policy', 'groups', 'paidPerConversation'];
    return Object.fromEntries(fields.map((name) => [name, field(found, name)]));
  };
  const put = async (id: string): Promise<Answer> =>
    as('administrator-1').send('PUT', path('campaigns', id), await body(id));
  expect((await put('campaign-1')).status).toBe(200);
  expect(verdict(await put('campaign-2'))).toBe('403 FORBIDDEN_SCOPE');
  const wider = { ...(await body('campaign-1')), groups: ['support', 'experts'] };
  const gained = await as('administrator-1').send('PUT', path('campaigns', 'campaign-1'), wider);
  expect(verdict(gained)).toBe('403 FORBIDDEN_SCOPE');
});

test('the default campaign of a channel account is not withdrawn from under it', async () => {
  const { id } = await newTeam();
  const answer = await until('admin to know the account', async () => {
    const dry = await head.send('DELETE', `${path('campaigns', id)}?dryRun=true`);
    return dry.status === 409 ? dry : undefined;
  });
  expect([verdict(answer), field(answer.body, 'detail')]).toEqual(['409 conflict', expect.stringContaining(id)]);
});

test('D6: sub-categories are listed of a category that there is', async () => {
  expect(await idsIn('categories/no-answer/subcategories')).toEqual(expect.arrayContaining(['agent', 'customer']));
  expect((await head.send('GET', path('categories/no-such/subcategories'))).status).toBe(404);
});

test('policies are read, tagged with their version; another name is 404', async () => {
  const policies = itemsOf(await as('manager-1').get('/admin/v1/policies?limit=200'));
  expect(policies.map((each) => field(each, 'name'))).toContain('sellia-campaign');
  const read = await as('manager-1').send('GET', path('policies', 'sellia-campaign'));
  expect([read.status, tagOf(read)]).toEqual([200, `"${String(field(read.body, 'version'))}"`]);
  expect(policies).toContainEqual(read.body);
  expect((await as('manager-1').send('GET', path('policies', 'no-such'))).status).toBe(404);
});

describe('what administrators write, conversations use', () => {
  const onCampaign = () => ({ account: 'campaign-1', contact: newContact() });

  test('B4, D6: a new category is accepted by the next close, refused once it is archived', async () => {
    const category = unique('cat');
    await head.post(path('categories'), { id: category, name: 'New' });
    const [first, second] = [
      await conversationIn('active', onCampaign()),
      await conversationIn('active', onCampaign()),
    ];
    const close = (id: string): Promise<Answer> => send('agent-1', inbox(id, 'close'), { category });
    await until('inbox to know the category', async () =>
      (await send('agent-1', `${inbox(first, 'close')}?dryRun=true`, { category })).status === 200 ? true : undefined,
    );
    const closed = await close(first);
    expect([verdict(closed), field(closed.body, 'conversation', 'category')]).toEqual(['200 closed', category]);
    await head.send('DELETE', path('categories', category));
    await until('inbox to know that it is archived', async () =>
      (await send('agent-1', `${inbox(second, 'close')}?dryRun=true`, { category })).status === 422 ? true : undefined,
    );
    expect((await close(second)).status).toBe(422);
  });

  test('X4, D6: archived since, a category keeps nobody from the first answer, nor from hearing how it ended', async () => {
    const category = unique('cat');
    await head.post(path('categories'), { id: category, name: 'Brief' });
    const id = await conversationIn('active', onCampaign());
    const key = { 'idempotency-key': randomUUID() };
    const cancel = (headers = {}): Promise<Answer> =>
      send('administrator-1', admin(id, 'cancel'), { category, comment: 'Once.' }, headers);
    expect(verdict(await cancel(key))).toBe('200 cancelled');
    await head.send('DELETE', path('categories', category));
    const again = await cancel(key);
    expect([verdict(again), again.headers.get('idempotent-replayed')]).toEqual(['200 cancelled', 'true']);
    const known = (view: unknown): boolean => field(view, 'status') === 'cancelled';
    await until('the fold to hear of it', async () => {
      const view = await as('administrator-1').send('GET', `/admin/v1/conversations/${id}`);
      return known(view.body) ? true : undefined;
    });
    expect(verdict(await cancel())).toBe('200 already-closed');
    expect(verdict(await send('administrator-2', admin(id, 'cancel'), { category }))).toBe('403 FORBIDDEN_SCOPE');
  });

  test('B4: a tag made on the spot is listed, read and taken over by an administrator', async () => {
    const name = unique('Spot');
    const slug = name.toLowerCase();
    const id = await conversationIn('active', { account: 'site', contact: newContact() });
    expect(verdict(await send('agent-1', inbox(id, 'close'), { tags: [name] }))).toBe('200 closed');
    const read = await until('the tag', async () => {
      const answer = await as('manager-1').send('GET', path('tags', slug));
      return answer.status === 200 ? answer : undefined;
    });
    expect(read.body).toEqual({ id: slug, name, category: null, archived: false, version: 1 });
    expect(await idsIn('tags')).toContain(slug);
    expect(verdict(await send('super-administrator-1', path('tags'), { name }))).toBe('409 conflict');
    const change = { name, category: 'order' };
    const put = await head.send('PUT', path('tags', slug), change, { 'if-match': String(tagOf(read)) });
    expect([put.status, put.body]).toEqual([200, { id: slug, ...change, archived: false, version: 2 }]);
    expect((await idsIn('tags')).filter((each) => each === slug)).toEqual([slug]);
  });
});

describe('the audit', () => {
  const auditor = as('auditor-1');
  const recordOf = (query: string): Promise<unknown> =>
    until(`a record of ${query}`, async () => itemsOf(await auditor.get(`/admin/v1/audit?limit=5&${query}`))[0]);

  test('says who was refused for lack of a role', async () => {
    const id = await conversationIn('active', { account: 'site', contact: newContact() });
    expect(verdict(await send('agent-1', admin(id, 'close')))).toBe('403 FORBIDDEN_ROLE');
    expect(await recordOf(`actor=agent-1&conversationId=${id}`)).toMatchObject({
      ...{ type: 'audit.command-refused', service: 'admin', act: 'close.supervisor', reason: 'FORBIDDEN_ROLE' },
      ...{ actor: { kind: 'agent', id: 'agent-1', role: 'agent' }, conversationId: id },
    });
  });

  test('says who, what, why and which command, of admin and of inbox', async () => {
    const id = await conversationIn('active', { account: 'messaging', contact: newContact() });
    expect(verdict(await send('manager-1', admin(id, 'close'), { comment: 'x' }))).toBe('409 FEATURE_DISABLED');
    expect(verdict(await send('agent-1', inbox(id, 'pause')))).toBe('409 FEATURE_DISABLED');
    const named = { conversationId: id, reason: 'FEATURE_DISABLED', commandid: expect.stringMatching(/^cmd:/) };
    expect(await recordOf(`actor=manager-1&conversationId=${id}`)).toMatchObject({ service: 'admin', ...named });
    expect(await recordOf(`actor=agent-1&conversationId=${id}`)).toMatchObject({
      service: 'inbox',
      act: 'pause',
      ...named,
    });
    const refused = field(await as('manager-1').get(`/admin/v1/conversations/${id}/explain`), 'refused');
    expect(refused).toEqual(expect.arrayContaining([expect.objectContaining(named)]));
  });

  test('a write of configuration is an administrative act of a command, a dry run is none', async () => {
    const id = unique('cat');
    await send('super-administrator-1', `${path('categories')}?dryRun=true`, { id, name: 'Tried' });
    await send('super-administrator-1', path('categories'), { id, name: 'Written' });
    const mine = async (): Promise<unknown[]> =>
      itemsOf(await auditor.get('/admin/v1/audit?limit=200&act=configuration.category')).filter((record) =>
        String(field(record, 'reason')).startsWith(`${id} `),
      );
    const records = await until('the act', async () => ((await mine()).length > 0 ? mine() : undefined));
    expect(records).toMatchObject([{ reason: `${id} v1`, commandid: expect.stringMatching(/^cmd:/) }]);
    await head.send('DELETE', path('categories', id));
  });

  test('cases 42-45: who only reads a conversation of another tenant leaves a record, in the own tenant', async () => {
    const other = { account: 'site', contact: newContact(), integration: 'other-integration-1' };
    const id = await say(other);
    expect(verdict(await as('manager-1').send('GET', `/admin/v1/conversations/${id}`))).toBe('404 not-found');
    expect(await recordOf(`actor=manager-1&conversationId=${id}`)).toMatchObject({
      ...{ act: 'conversation.read', reason: 'not-found' },
    });
  });
});

describe('comments of supervisors', () => {
  const commentsOf = (who: string, id: string): Promise<Answer> => as(who).send('GET', admin(id, 'comments'));

  test('A5: are read back by supervisors in scope, and by nobody else', async () => {
    const id = await conversationIn('active', { account: 'site', contact: newContact() });
    const comment = 'The customer rang us.';
    const closed = await send('manager-1', admin(id, 'close'), { comment });
    const commentId = textAt(closed.body, 'conversation', 'closing', 'commentId');
    const read = await until('the comment', async () => {
      const answer = await commentsOf('administrator-2', id);
      return itemsOf(answer.body).length > 0 ? answer.body : undefined;
    });
    expect(itemsOf(read)).toMatchObject([{ id: commentId, kind: 'comment', by: 'manager-1', text: comment }]);
    expect(itemsOf((await commentsOf('manager-1', id)).body)).toEqual(itemsOf(read));
    expect(verdict(await commentsOf('agent-1', id))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await commentsOf('auditor-1', id))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await commentsOf('integration-1', id))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await commentsOf('administrator-1', id))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await commentsOf('other-manager-1', id))).toBe('404 not-found');
    const texts = async (who: string): Promise<unknown[]> =>
      itemsOf(await as(who).get(inbox(id, 'notes'))).map((note) => field(note, 'text'));
    expect([await texts('manager-1'), await texts('agent-1')]).toEqual([[comment], []]);
  });

  test('A5: the comment of a refused command is nobody’s', async () => {
    const id = await conversationIn('active', { account: 'messaging', contact: newContact() });
    expect(verdict(await send('manager-1', admin(id, 'close'), { comment: 'No.' }))).toBe('409 FEATURE_DISABLED');
    await send('agent-1', inbox(id, 'close'));
    await until('the fold', async () => {
      const view = await as('manager-1').send('GET', `/admin/v1/conversations/${id}`);
      return field(view.body, 'status') === 'closed' ? true : undefined;
    });
    expect((await commentsOf('manager-1', id)).body).toEqual({ items: [] });
  });
});

test('D4: a dry run of a hand-over refuses as the hand-over would, and takes no place', async () => {
  const team = await newTeam();
  const [first, second] = team.agents;
  await Promise.all([comes(first, 'automatic'), room(second, 1)]);
  const id = await say({ account: team.id, contact: newContact() });
  expect(await givenTo(id)).toBe(first);
  const hand = (query: string): Promise<Answer> =>
    send('super-administrator-1', `${admin(id, 'reassign')}${query}`, { to: second });
  const both = async (): Promise<string[]> => [verdict(await hand('?dryRun=true')), verdict(await hand(''))];
  await goes(second);
  expect(await both()).toEqual(['409 TARGET_UNAVAILABLE', '409 TARGET_UNAVAILABLE']);
  await comes(second, 'picking');
  await room(second, 0);
  expect(await both()).toEqual(['409 CAPACITY_FULL', '409 CAPACITY_FULL']);
  await room(second, 1);
  const dry = await hand('?dryRun=true');
  expect([verdict(dry), field(dry.body, 'dryRun')]).toEqual(['200 reassigned', true]);
  const wet = await hand('');
  expect([verdict(wet), field(wet.body, 'sequence')]).toEqual(['200 reassigned', field(dry.body, 'sequence')]);
  expect(field(wet.body, 'effects')).toEqual(field(dry.body, 'effects'));
  for (const { body } of [dry, wet]) {
    const open = field(body, 'conversation', 'availableCommands');
    expect(open).toContainEqual({ command: 'close', enabled: true, reasonCode: null });
  }
});
