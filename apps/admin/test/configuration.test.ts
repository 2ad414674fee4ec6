import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CREATE, EditableKind, REPLACE, VERSIONED } from '@parley/contracts/admin-http';
import type { ConfigurationRecord } from '@parley/contracts/configuration';
import { TOPICS } from '@parley/contracts/envelope';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import type { CommandRequest } from '@parley/service/command-request';
import { createCursors } from '@parley/service/cursor';
import { createLog } from '@parley/service/log';
import { AuditOutbox } from '@parley/persistence/audit-outbox';
import type { Database } from '@parley/persistence/database';
import { ConfigurationEditor } from '../src/configuration/configuration.editor.js';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { idOf, keyOf, missingFor, valueOf } from '../src/configuration/editable.js';
import { Snapshot } from '../src/configuration/snapshot.js';
import { DEMO } from '../src/seed/demo.js';
import { seedDemo } from '../src/seed/seed.js';
import { openAdminDatabase, outboxOf, settings } from './database.js';
import { supervisor } from './lived.js';

const admin = await openAdminDatabase();
const { database } = admin;
const store = new ConfigurationStore(database, settings);
afterAll(() => admin.close());

const write = (key: string, value: object | null) =>
  database.inTenant('demo', (em) => store.write(em, { tenant: 'demo', kind: 'category', key, value }));
const published = async (key: string) =>
  (await outboxOf(database, TOPICS.configuration))
    .filter((record) => record.key === key)
    .map(({ value }) => [value['version'], value['value']]);
const record = (
  version: number,
  value: object | null,
  kind: ConfigurationRecord['kind'] = 'category',
  key = 'billing',
): ConfigurationRecord => ({
  ...{ id: `demo/${kind}/${key}:${version}`, type: 'parley.configuration-changed', time: '2026-11-21T10:00:00.000Z' },
  ...{ tenantid: 'demo', kind, key, version, value },
});
const billing = (name: string) => ({ id: 'billing', name, archived: false });

describe('configuration on a real database', () => {
  test('each write is a version and a record; withdrawn, the record says null', async () => {
    expect([
      await write('billing', billing('One')),
      await write('billing', billing('Two')),
      await write('billing', null),
    ]).toEqual([1, 2, 3]);
    expect(await published('demo/category/billing')).toEqual([
      [1, billing('One')],
      [2, billing('Two')],
      [3, null],
    ]);
    expect((await store.of('demo')).knows('category', 'billing')).toBe(false);
  });

  test('F16: a snapshot is read again in time, however the wall clock is set', async () => {
    const empty = { find: async () => [] };
    const silent = {
      listen: () => undefined,
      inTenant: async (_: string, work: (em: object) => unknown) => work(empty),
    };
    const own = new ConfigurationStore(silent as unknown as Database, settings);
    const first = await own.of('demo');
    jest.spyOn(Date, 'now').mockReturnValue(Number.MAX_SAFE_INTEGER);
    expect(await own.of('demo')).toBe(first);
    const later = performance.now() + 10_000;
    jest.spyOn(Date, 'now').mockReturnValue(0);
    jest.spyOn(performance, 'now').mockReturnValueOnce(later);
    const second = own.of('demo');
    jest.restoreAllMocks();
    expect(await second).not.toBe(first);
  });

  test('our own older record over the newer one is said again; the ordinary echo is not', async () => {
    for (const version of [1, 2, 3]) await store.fold(record(version, version === 3 ? null : billing('x')));
    expect(await published('demo/category/billing')).toHaveLength(3);
    await store.fold(record(2, billing('Two')));
    expect((await published('demo/category/billing')).at(-1)).toEqual([3, null]);
  });

  test('what the log has from before our tables were lost is taken over', async () => {
    await store.fold(record(7, billing('Kept'), 'category', 'kept'));
    expect(
      await database.inTenant('demo', (em) =>
        store.write(em, { tenant: 'demo', kind: 'category', key: 'kept', value: billing('New') }),
      ),
    ).toBe(8);
  });

  test('another service’s values are folded, newest wins', async () => {
    const spot = (name: string) => ({ id: 'late', name });
    await store.fold(record(2, spot('Late'), 'spot-tag', 'late'));
    await store.fold(record(1, spot('Older'), 'spot-tag', 'late'));
    const row = new ConfigurationStore(database, settings);
    expect((await row.of('demo')).tagName('late')).toBe('Late');
  });

  test('the seed is written once, by however many replicas, and changes nothing that is there', async () => {
    await write('spam', { id: 'spam', name: 'Ours', archived: false });
    await Promise.all([seedDemo(database, store), seedDemo(database, store)]);
    await seedDemo(database, store);
    const records = await outboxOf(database, TOPICS.configuration);
    const seeded = Object.entries(DEMO).flatMap(([tenant, values]) =>
      values.map(({ kind, key }) => `${tenant}/${kind}/${key}`),
    );
    for (const key of seeded)
      expect({ key, count: records.filter((each) => each.key === key).length }).toEqual({ key, count: 1 });
    expect((await published('demo/category/spam')).at(-1)).toEqual([1, { id: 'spam', name: 'Ours', archived: false }]);
    const policies = await database.inTenant('demo', (em) =>
      em.execute<{ name: string }[]>('select name from policy_version order by name'),
    );
    expect(policies.map(({ name }) => name)).toEqual([
      'iadvize-onsite',
      'iadvize-social',
      'iadvize-social-fast',
      'sellia-campaign',
      'zendesk-messaging',
      'zendesk-messaging-off',
    ]);
  });
});

describe('what administrators write', () => {
  const endpoint = new CommandEndpoint('admin', createLog('test', 'silent'));
  const cursors = createCursors(settings.PARLEY_SECRET);
  const editor = new ConfigurationEditor(
    database,
    cursors,
    store,
    endpoint,
    new AuditOutbox(database, settings.PUBLIC_URL),
  );
  const edit = (kind: EditableKind, path: Record<string, string> = {}, more: Partial<CommandRequest> = {}) => ({
    ...{ kind, tenant: 'demo', caller: supervisor('super-administrator', 'tenant'), path },
    request: {
      ...{ key: 'k', fingerprint: '', dryRun: false, ifSequence: undefined, language: 'en' as const },
      ...{ successStatus: 200, headers: {}, setHeader: () => undefined },
      ...more,
    },
  });
  const list = async (query = {}) => (await editor.list('demo', 'tag', {}, { limit: 200, ...query })).items;
  const at = (version: number) => ({ ifSequence: version });
  const spot = (id: string, name: string) =>
    store.fold({ ...record(1, { id, name }, 'spot-tag', id), id: `spot/${id}` });

  test('B4: a tag made on the spot is a tag among the others, until an administrator writes it', async () => {
    await spot('parcel', 'Parcel');
    await spot('sofa', 'Sofa');
    const parcel = { id: 'parcel', name: 'Parcel', category: null, archived: false, version: 1 };
    expect(await list()).toContainEqual(parcel);
    expect(await list({ archived: 'true' })).not.toContainEqual(parcel);
    expect(await editor.read('demo', 'tag', { id: 'parcel' })).toEqual(parcel);
    const taken = editor.create(edit('tag'), { name: 'parcel' });
    await expect(taken).rejects.toMatchObject({ slug: 'conflict' });
    const written = { ...parcel, name: 'Parcels', category: 'order', version: 2 };
    const change = { name: 'Parcels', category: 'order' };
    expect(await editor.replace(edit('tag', { id: 'parcel' }, at(1)), change)).toEqual(written);
    expect((await list()).filter((tag) => 'id' in tag && tag.id === 'parcel')).toEqual([written]);
    await editor.remove(edit('tag', { id: 'sofa' }, at(1)));
    expect(await editor.read('demo', 'tag', { id: 'sofa' })).toMatchObject({ archived: true, version: 2 });
    expect((await list()).filter((tag) => 'id' in tag && tag.id === 'sofa')).toEqual([]);
  });

  test('a dry run answers and refuses as the write would, and writes nothing', async () => {
    const dry = (more: Partial<CommandRequest> = {}) => edit('category', { id: 'returns' }, { dryRun: true, ...more });
    const count = async () => (await outboxOf(database, TOPICS.configuration)).length;
    const before = await count();
    const answer = { id: 'returns', name: 'Returns', archived: false, version: 1 };
    expect(await editor.replace(dry(), { name: 'Returns' })).toEqual(answer);
    await expect(editor.replace(dry(at(7)), { name: 'x' })).rejects.toMatchObject({ slug: 'stale-version' });
    await expect(editor.read('demo', 'category', { id: 'returns' })).rejects.toMatchObject({ slug: 'not-found' });
    expect(await count()).toBe(before);
    expect(await editor.replace(edit('category', { id: 'returns' }), { name: 'Returns' })).toEqual(answer);
  });

  /** More at once than there are connections: who waits for the turn must not keep it from who has it. */
  const AT_ONCE = 30;
  /** `written`, or why not, in alphabetical order. */
  const outcomes = async (change: (index: number) => Promise<object>) => {
    const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, (_, index) => change(index)));
    return settled
      .map((one) => (one.status === 'fulfilled' ? 'written' : (one.reason as { slug: string }).slug))
      .sort();
  };
  const onceOf = (refusal: string) => [...Array.from({ length: AT_ONCE - 1 }, () => refusal), 'written'];

  test('of many at once with one If-Match exactly one is written', async () => {
    await editor.create(edit('category'), { id: 'raced', name: 'First' });
    const path = { id: 'raced' };
    expect(await outcomes((index) => editor.replace(edit('category', path, at(1)), { name: `N${index}` }))).toEqual(
      onceOf('stale-version'),
    );
    expect(await editor.read('demo', 'category', path)).toMatchObject({ version: 2 });
    expect(await outcomes(() => editor.remove(edit('category', path, at(2))))).toEqual(onceOf('stale-version'));
    expect((await published('demo/category/raced')).map(([version]) => version)).toEqual([1, 2, 3]);
  });

  test('of many at once with one id exactly one is made', async () => {
    const body = { id: 'born-once', name: 'Born once' };
    expect(await outcomes(() => editor.create(edit('category'), body))).toEqual(onceOf('conflict'));
    expect(await published('demo/category/born-once')).toHaveLength(1);
    const named = (index: number) => editor.replace(edit('tag', { id: `born-${index}` }), { name: 'Born' });
    expect(await outcomes(named)).toEqual(onceOf('conflict'));
  });

  test('B4: a tag’s name is no other tag’s name or id, however it is written', async () => {
    const put = (id: string, name: string) => editor.replace(edit('tag', { id }), { name });
    const refusal = (named: string) => ({ slug: 'conflict', detail: `There is a tag “${named}” already.` });
    await spot('invoice', 'Invoice');
    await put('bill', 'Bill');
    await expect(put('ghost-tag', 'ｉｎｖｏｉｃｅ')).rejects.toMatchObject(refusal('Invoice'));
    await expect(put('bill', 'Invoice')).rejects.toMatchObject(refusal('Invoice'));
    expect(await put('bill', 'Receipt')).toMatchObject({ id: 'bill', name: 'Receipt', version: 2 });
    await expect(put('ghost-tag', 'Bill')).rejects.toMatchObject(refusal('Receipt'));
    await expect(editor.create(edit('tag'), { name: 'RECEIPT' })).rejects.toMatchObject(refusal('Receipt'));
    expect(await put('bill', 'receipt')).toMatchObject({ version: 3 });
    await spot('receipt', 'Receipt');
    expect(await put('bill', 'receipt')).toMatchObject({ version: 4 });
  });

  describe('campaigns and the groups that serve them', () => {
    const write = (kind: 'campaign' | 'group', id: string, body: object) =>
      editor.replace(edit(kind, { id }), { name: id, ...body });
    beforeAll(async () => {
      for (const id of ['day', 'night', 'far']) await write('group', id, { members: [] });
      await write('campaign', 'own', { groups: ['day'] });
      await write('campaign', 'also-own', { groups: ['night'] });
      await write('campaign', 'foreign', { groups: ['far'] });
    });

    test('D2: an administrator gives the own campaigns no group from outside', async () => {
      const caller = supervisor('administrator', 'campaign:own', 'campaign:also-own');
      const fresh = new ConfigurationStore(database, settings);
      const audit = new AuditOutbox(database, settings.PUBLIC_URL);
      const own = new ConfigurationEditor(database, cursors, fresh, endpoint, audit);
      const give = (...groups: string[]) =>
        own.replace({ ...edit('campaign', { id: 'own' }), caller }, { name: 'own', groups });
      const refusal = { extras: { reasonCode: 'FORBIDDEN_SCOPE' } };
      await expect(give('day', 'far')).rejects.toMatchObject(refusal);
      await expect(give('ghosts')).rejects.toMatchObject(refusal);
      expect(await give('day', 'night')).toMatchObject({ groups: ['day', 'night'], version: 2 });
      const far = own.replace({ ...edit('group', { id: 'far' }), caller }, { name: 'far', members: [] });
      await expect(far).rejects.toMatchObject(refusal);
      expect(await write('campaign', 'own', { groups: ['day', 'far'] })).toMatchObject({ version: 3 });
    });

    test('what somebody still stands on is not withdrawn, and the refusal names who', async () => {
      const account = {
        ...{ id: 'shop', kind: 'site', defaultCampaign: 'foreign', policy: 'sellia-campaign' },
        ...{ surveyOn: false, deliveryUrl: null, hookId: null },
      };
      await store.fold(record(1, account, 'channel-account', 'shop'));
      const remove = (kind: EditableKind, id: string) => editor.remove(edit(kind, { id }));
      await expect(remove('campaign', 'foreign')).rejects.toMatchObject({
        ...{ slug: 'conflict', detail: 'It is still the default campaign of the channel account “shop”.' },
      });
      await expect(remove('group', 'night')).rejects.toMatchObject({
        ...{ slug: 'conflict', detail: 'It still serves the campaign “also-own”.' },
      });
      await store.fold(record(2, null, 'channel-account', 'shop'));
      expect(await remove('campaign', 'foreign')).toMatchObject({ id: 'foreign', version: 2 });
    });
  });
});

describe('what people write by hand', () => {
  const known = new Snapshot(DEMO['demo'] ?? []);

  test.each(EditableKind.options)('a %s as it is created is one that every service can read', (kind) => {
    const bodies = {
      category: { name: 'Résolu ailleurs' },
      subcategory: { name: 'By phone' },
      tag: { name: 'Opening Hours' },
      campaign: { id: 'spring', name: 'Spring', groups: ['support'] },
      group: { id: 'night', name: 'Night', members: ['agent-1'] },
      person: { id: 'agent-9', name: 'Eva', role: 'agent' },
    };
    const body = CREATE[kind].parse(bodies[kind]);
    const path = kind === 'subcategory' ? { category: 'spam' } : {};
    const id = idOf(kind, body);
    expect(id).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u);
    expect(keyOf(kind, path, id)).toBe(kind === 'subcategory' ? `spam/${id}` : id);
    expect(VERSIONED[kind].safeParse({ ...valueOf(kind, path, id, body), version: 1 }).success).toBe(true);
  });

  test('a tag’s id is the slug that stands in events, however it is written', () => {
    expect([idOf('tag', { name: 'Opening Hours' }), idOf('tag', { name: 'ｏｐｅｎｉｎｇ-hours' })]).toEqual([
      'opening-hours',
      'opening-hours',
    ]);
  });

  test('what it names must be configured', () => {
    expect(
      missingFor('campaign', { policy: 'no-such', groups: ['support', 'ghosts'] }, known).map(({ pointer }) => pointer),
    ).toEqual(['/policy', '/groups/1']);
    expect(missingFor('group', { members: ['agent-1', 'other-agent-1'] }, known).map(({ pointer }) => pointer)).toEqual(
      ['/members/1'],
    );
    expect(missingFor('campaign', { policy: null, groups: ['support'] }, known)).toEqual([]);
  });

  test.each([
    ['nothing', {}],
    ['an empty list', { groups: [] }],
  ])('a campaign has a group that answers: %s is refused', (_name, groups) => {
    for (const schema of [CREATE.campaign, REPLACE.campaign]) {
      const issues = schema.safeParse({ name: 'WhatsApp', ...groups }).error?.issues;
      expect(issues?.map(({ path, message }) => [path, message])).toEqual([
        [['groups'], expect.stringContaining('must name at least one group')],
      ]);
    }
  });

  test('a person has a role that there is', () => {
    const accepts = (role: string) => CREATE.person.safeParse({ id: 'eva', name: 'Eva', role }).success;
    expect(['agent', 'auditor', 'king', 'a\u0000b'].map(accepts)).toEqual([true, true, false, false]);
    const seeded = Object.values(DEMO).flatMap((values) => values.filter(({ kind }) => kind === 'person'));
    expect(seeded).toHaveLength(11);
    for (const { value } of seeded) expect(REPLACE.person.strip().safeParse(value).success).toBe(true);
  });
});
