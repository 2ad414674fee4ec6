import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defineEntity, p } from '@mikro-orm/core';
import type { InferEntity } from '@mikro-orm/core';
import pg from 'pg';
import { openDatabase } from '../src/database.js';
import type { Database } from '../src/database.js';
import { notify } from '../src/listener.js';
import { migration, rowLevelSecurity, TENANT_COLUMN } from '../src/migration.js';
import { isUnavailable } from '../src/unavailable.js';
import { eventually } from '../../../test/parts/eventually.js';
import { run, SECRET, startPostgres, type TestPostgres } from '../../../test/parts/postgres.js';

const Letter = defineEntity({
  name: 'Letter',
  tableName: 'letter',
  properties: {
    id: p.string().primary(),
    tenant: p.string(),
    text: p.string().nullable(),
    at: p.datetime().nullable(),
  },
});
type Letter = InferEntity<typeof Letter>;

const MIGRATIONS = [
  migration('letters-1', [
    `create table letter (id text primary key, ${TENANT_COLUMN}, text text, at timestamptz)`,
    ...rowLevelSecurity('letter'),
  ]),
];

let postgres: TestPostgres;
let database: Database;
const open = (service = 'inbox'): Promise<Database> =>
  openDatabase({
    url: postgres.url,
    service,
    secret: SECRET,
    entities: [Letter],
    migrations: MIGRATIONS,
    log: () => undefined,
  });

beforeAll(async () => {
  postgres = await startPostgres();
  database = await open();
}, 60_000);
afterAll(async () => {
  await database.close();
  await postgres.stop();
});

describe('I18: a row of another tenant does not exist for us', () => {
  beforeAll(async () => {
    await database.inTenant('demo', (em) => em.insert(Letter, { id: 'ours', tenant: 'demo', text: 'a' }));
    await database.inTenant('other', (em) => em.insert(Letter, { id: 'theirs', tenant: 'other', text: 'b' }));
  });

  test('by the ORM, with every filter off', async () => {
    const seen = await database.inTenant('demo', (em) => em.find(Letter, {}, { filters: false }));
    expect(seen.map(({ id }) => id)).toEqual(['ours']);
  });

  test('by raw SQL, also by its id', async () => {
    const [all, byId] = await database.inTenant('demo', async (em) => [
      await em.execute('select id from letter'),
      await em.execute(`select id from letter where id = 'theirs'`),
    ]);
    expect(all).toEqual([{ id: 'ours' }]);
    expect(byId).toEqual([]);
  });

  test('it can be neither changed, nor deleted, nor written in its name', async () => {
    const changed = await database.inTenant('demo', (em) => em.nativeUpdate(Letter, { id: 'theirs' }, { text: 'x' }));
    const deleted = await database.inTenant('demo', (em) => em.nativeDelete(Letter, { id: 'theirs' }));
    expect([changed, deleted]).toEqual([0, 0]);
    const forged = database.inTenant('demo', (em) => em.insert(Letter, { id: 'forged', tenant: 'other', text: null }));
    await expect(forged).rejects.toThrow('new row violates row-level security policy for table "letter"');
  });

  test('the owner of the table sees nothing either, and without a tenant nobody sees anything', async () => {
    expect(await run(postgres.url, 'select id from inbox.letter')).toEqual([]);
    expect(await run(database.url, 'select id from letter')).toEqual([]);
  });

  test('acrossTenants sees both, and no caller can name that tenant', async () => {
    const all = await database.acrossTenants((em) => em.find(Letter, {}, { orderBy: { id: 'asc' } }));
    expect(all.map(({ id }) => id)).toEqual(['ours', 'theirs']);
    await expect(database.inTenant('*', async () => 1)).rejects.toThrow('That is no name of a tenant.');
  });

  test('the tenant of one transaction does not leak into the next on the same connection', async () => {
    await database.inTenant('demo', (em) => em.execute('select 1'));
    const left = await run<{ tenant: string }>(database.url, `select current_setting('parley.tenant', true) as tenant`);
    expect(left).toEqual([{ tenant: null }]);
    const pooled = await database.acrossTenants((em) =>
      em.execute(`select current_setting('parley.tenant') as tenant`),
    );
    expect(pooled).toEqual([{ tenant: '*' }]);
  });
});

describe('the runtime role', () => {
  test('owns nothing and can change no table', async () => {
    await expect(run(database.url, 'alter table letter disable row level security')).rejects.toThrow(
      'must be owner of table letter',
    );
    await expect(run(database.url, 'create table mine (id int)')).rejects.toThrow('permission denied for schema inbox');
    await expect(run(database.url, `delete from schema_migration`)).rejects.toThrow('permission denied');
  });

  test('does not reach the schema of another service', async () => {
    const stats = await open('stats');
    try {
      await expect(run(stats.url, 'select * from inbox.letter')).rejects.toThrow('permission denied for schema inbox');
    } finally {
      await stats.close();
    }
  });

  test('several replicas that boot at once migrate once', async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => open('notifications')));
    await Promise.all(replicas.map((replica) => replica.ping()));
    await Promise.all(replicas.map((replica) => replica.close()));
    const names = await run(postgres.url, 'select name from notifications.schema_migration order by id');
    expect(names).toEqual([{ name: 'persistence-1' }, { name: 'letters-1' }]);
  });

  test('a later start runs only what is new, in the order of the list', async () => {
    const added = migration('letters-2', ['alter table letter add column seen boolean']);
    const migrations = [...MIGRATIONS, added];
    const again = await openDatabase({ url: postgres.url, service: 'stats', secret: SECRET, entities: [], migrations });
    await again.close();
    const names = await run<{ name: string }>(postgres.url, 'select name from stats.schema_migration order by id');
    expect(names.map(({ name }) => name)).toEqual(['persistence-1', 'letters-1', 'letters-2']);
  });
});

describe('a transaction', () => {
  test('an error undoes all of it', async () => {
    const failing = database.inTenant('demo', async (em) => {
      await em.insert(Letter, { id: 'undone', tenant: 'demo', text: null });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await database.inTenant('demo', (em) => em.count(Letter, { id: 'undone' }))).toBe(0);
  });

  test('entities written through the unit of work are there with their instants', async () => {
    const at = new Date('2026-11-21T10:00:00.123Z');
    await database.inTenant('demo', async (em) => {
      em.create(Letter, { id: 'persisted', tenant: 'demo', text: `it's ? "quoted" \\ and ünï`, at });
    });
    const read: Letter[] = await database.inTenant('demo', (em) => em.find(Letter, { id: 'persisted' }));
    expect(read.map(({ text, at }) => [text, at])).toEqual([[`it's ? "quoted" \\ and ünï`, at]]);
  });

  test('a statement that takes longer than 3 s is cut off, and that counts as unavailable', async () => {
    const slow = database.acrossTenants((em) => em.execute('select pg_sleep(20)'));
    const error = await slow.catch((caught: unknown) => caught);
    expect(String(error)).toContain('canceling statement due to statement timeout');
    expect(isUnavailable(error)).toBe(true);
  });

  test('F14: a lock that somebody else holds is waited for 2 s, then unavailable', async () => {
    const holder = new pg.Client({ connectionString: postgres.superuser });
    await holder.connect();
    await holder.query('begin; lock table inbox.letter in access exclusive mode');
    const startedAt = Date.now();
    const error = await database.inTenant('demo', (em) => em.count(Letter)).catch((caught: unknown) => caught);
    const tookMs = Date.now() - startedAt;
    await holder.end();
    expect(String(error)).toContain('canceling statement due to lock timeout');
    expect(isUnavailable(error)).toBe(true);
    expect(tookMs).toBeLessThan(3_000);
  });

  test('F14: when all ten connections are taken the eleventh caller is refused within 2 s', async () => {
    const held = Promise.withResolvers<void>();
    let holding = 0;
    const hold = async (): Promise<void> => {
      holding += 1;
      await held.promise;
    };
    const holders = Array.from({ length: 10 }, () => database.acrossTenants(hold));
    await eventually(
      () => holding,
      (count) => count === 10,
    );
    const startedAt = Date.now();
    const error = await database.ping().catch((caught: unknown) => caught);
    const tookMs = Date.now() - startedAt;
    held.resolve();
    await Promise.all(holders);
    expect(isUnavailable(error)).toBe(true);
    expect(tookMs).toBeLessThan(2_500);
    await database.ping();
  });

  test('F12: connections that die in hand fail as unavailable, and no place in the pool is lost', async () => {
    const dying = (): Promise<unknown> =>
      database
        .acrossTenants(async (em) => {
          const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
          await run(postgres.superuser, 'select pg_terminate_backend($1)', [row?.pid]);
          await em.execute('select 1');
        })
        .catch((caught: unknown) => caught);
    const errors: unknown[] = [];
    for (let round = 0; round < 4; round += 1) errors.push(...(await Promise.all([dying(), dying(), dying()])));
    expect(errors.map(isUnavailable)).toEqual(Array(12).fill(true));
    await Promise.all(
      Array.from({ length: 10 }, () => database.acrossTenants((em) => em.execute('select pg_sleep(0.1)'))),
    );
  });

  test('F25: a server that froze in the middle of a statement is given up after 6 s', async () => {
    const startedAt = Date.now();
    let frozen = 0;
    const error = await database
      .acrossTenants(async (em) => {
        const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
        frozen = row?.pid ?? 0;
        process.kill(frozen, 'SIGSTOP');
        await em.execute('select 1');
      })
      .catch((caught: unknown) => caught);
    const tookMs = Date.now() - startedAt;
    process.kill(frozen, 'SIGCONT');
    expect(String(error)).toContain('The database does not answer within 6000 ms');
    expect(isUnavailable(error)).toBe(true);
    expect(tookMs).toBeLessThan(8_000);
    await database.ping();
  });

  test('F12: idle connections that the server ended are replaced', async () => {
    await Promise.all(Array.from({ length: 10 }, () => database.ping()));
    await run(
      postgres.superuser,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'parley_inbox'`,
    );
    const settled = await Promise.allSettled(
      Array.from({ length: 20 }, () => database.inTenant('demo', async () => 1)),
    );
    const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(reasons.filter((reason) => !isUnavailable(reason))).toEqual([]);
    const after = await Promise.all(Array.from({ length: 10 }, () => database.inTenant('demo', async () => 1)));
    expect(after).toEqual(Array(10).fill(1));
  });
});

describe('isUnavailable', () => {
  test('nobody listens there', async () => {
    const closed = new pg.Client({ connectionString: 'postgres://a:b@127.0.0.1:1/x' });
    expect(isUnavailable(await closed.connect().catch((caught: unknown) => caught))).toBe(true);
  });

  test('a bug is none: a missing table, a broken rule, a NUL in a text, an error of ours', async () => {
    const errors = await Promise.all(
      ['select * from nowhere', `insert into letter (id) values (null)`, `select 'a\u0000b'`].map((sql) =>
        database.inTenant('demo', (em) => em.execute(sql)).catch((caught: unknown) => caught),
      ),
    );
    expect(errors.map((error) => error instanceof Error)).toEqual([true, true, true]);
    expect([...errors, new Error('ours'), 'text', null].map(isUnavailable)).toEqual(Array(6).fill(false));
    await database.ping();
  });
});

describe('listen and notify', () => {
  test('hears what commits, not what is undone, and nothing of another service', async () => {
    const other = await open('stats');
    const heard: (string | null)[] = [];
    const subscription = database.listen('news', (payload) => heard.push(payload));
    await eventually(
      () => heard,
      (seen) => seen.length === 1,
    );
    const undone = database.inTenant('demo', async (em) => {
      await notify(em, 'news', 'undone');
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    await other.inTenant('demo', (em) => notify(em, 'news', 'of stats'));
    await database.inTenant('demo', (em) => notify(em, 'news', 'ours'));
    await eventually(
      () => heard,
      (seen) => seen.length === 2,
    );
    expect(heard).toEqual([null, 'ours']);
    subscription.stop();
    await other.close();
  });

  test('comes back after the connection is lost, and says that something may have been missed', async () => {
    const heard: (string | null)[] = [];
    const subscription = database.listen('again', (payload) => heard.push(payload));
    await eventually(
      () => heard,
      (seen) => seen.includes(null),
    );
    await database.inTenant('demo', (em) => notify(em, 'again', 'before'));
    await eventually(
      () => heard,
      (seen) => seen.includes('before'),
    );
    heard.length = 0;
    await run(
      postgres.superuser,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'inbox listener'`,
    );
    await eventually(
      () => heard,
      (seen) => seen.includes(null),
    );
    await database.inTenant('demo', (em) => notify(em, 'again', 'after'));
    await eventually(
      () => heard,
      (seen) => seen.includes('after'),
    );
    subscription.stop();
  });
});

describe('statements: one round trip, one transaction', () => {
  const mine = () => database.statements('demo');
  const rows = () => mine().execute<{ id: string }>(`select id from letter where id like 'at-once-%' order by id`);

  test('I18: they see and write only the tenant’s rows, and nothing stays behind on the connection', async () => {
    await mine().execute(`insert into letter (id, text) values (?, ?)`, ['at-once-1', 'What? "Really?"']);
    expect(await mine().execute<{ text: string }>(`select text from letter where id = 'at-once-1'`)).toEqual([
      { text: 'What? "Really?"' },
    ]);
    expect(await database.statements('other').execute(`select id from letter where id = 'at-once-1'`)).toEqual([]);
    await expect(
      database.statements('other').execute(`insert into letter (id, tenant) values ('at-once-2', 'demo')`),
    ).rejects.toThrow(/row-level security/);
    expect(await rows()).toEqual([{ id: 'at-once-1' }]);
    expect(await database.statementsAcross().execute(`select id from letter where id = 'theirs'`)).toEqual([
      { id: 'theirs' },
    ]);
  });

  test('of several the last one answers, each sees the one before, and one that fails undoes them all', async () => {
    const both = `insert into letter (id) values (?); select count(*)::int as count from letter where id = ?`;
    expect(await mine().execute(both, ['at-once-3', 'at-once-3'])).toEqual([{ count: 1 }]);
    await expect(mine().execute(`insert into letter (id) values ('at-once-4'); select 1 / 0`)).rejects.toThrow(
      /division by zero/,
    );
    expect(await rows()).toEqual([{ id: 'at-once-1' }, { id: 'at-once-3' }]);
  });

  test('a name that is no tenant’s is refused before anything is sent', async () => {
    await expect(database.statements('*').execute('select 1')).rejects.toThrow('That is no name of a tenant.');
  });
});
