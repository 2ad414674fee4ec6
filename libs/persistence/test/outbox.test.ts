import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KafkaRecord } from '@parley/lifecycle-log/kafka-record';
import { openDatabase } from '../src/database.js';
import type { Database } from '../src/database.js';
import { lastSequence, takeSequence } from '../src/fold-position.js';
import { migration, rowLevelSecurity, TENANT_COLUMN } from '../src/migration.js';
import { addToOutbox, startOutbox } from '../src/outbox.js';
import type { Outbox } from '../src/outbox.js';
import { currentPosition, nextPosition } from '../src/stream-position.js';
import { eventually } from '../../../test/parts/eventually.js';
import { run, SECRET, startPostgres, type TestPostgres } from '../../../test/parts/postgres.js';

const MIGRATIONS = [
  migration('counts-1', [
    `create table closed_count (day text, ${TENANT_COLUMN}, closed int not null, primary key (tenant, day))`,
    ...rowLevelSecurity('closed_count'),
  ]),
];
const quiet = { log: () => undefined };

let postgres: TestPostgres;
let database: Database;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await openDatabase({
    url: postgres.url,
    service: 'inbox',
    secret: SECRET,
    entities: [],
    migrations: MIGRATIONS,
    ...quiet,
  });
}, 60_000);
afterAll(async () => {
  await database.close();
  await postgres.stop();
});

const record = (key: string, n: number): KafkaRecord => ({
  key,
  value: { z: n, a: { y: 1, b: 'it’s ? \\ "x"' } },
  headers: { ce_id: `${key}:${n}` },
});
const add = (key: string, n: number, topic = 'parley.configuration.v1'): Promise<void> =>
  database.inTenant('demo', (em) => addToOutbox(em, topic, [record(key, n)]));

/** Stands for Kafka: notes what it acknowledged, and refuses as long as it is told to. */
class Kafka {
  readonly got: string[] = [];
  isDown = false;
  attempts = 0;
  readonly publish = async (topic: string, records: KafkaRecord[]): Promise<void> => {
    this.attempts += 1;
    if (this.isDown) throw new Error('Kafka is down');
    this.got.push(
      ...records.map(({ key, value, headers }) => `${topic} ${key} ${JSON.stringify(value)} ${headers['ce_id']}`),
    );
  };
  ids = (): string[] => this.got.map((line) => line.split(' ').at(-1) ?? '');
}
const emptied = async (outbox: Outbox): Promise<void> =>
  void (await eventually(
    () => outbox.size(),
    (size) => size === 0,
  ));

describe('the outbox', () => {
  test('publishes what committed, with the same bytes, and nothing of what was undone', async () => {
    const kafka = new Kafka();
    const outbox = startOutbox(database, kafka.publish, quiet);
    const undone = database.inTenant('demo', async (em) => {
      await addToOutbox(em, 'parley.configuration.v1', [record('k', 1)]);
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    await add('k', 2);
    await eventually(
      () => kafka.got,
      (got) => got.length > 0,
    );
    await emptied(outbox);
    await outbox.stop();
    expect(kafka.got).toEqual(['parley.configuration.v1 k {"z":2,"a":{"y":1,"b":"it’s ? \\\\ \\"x\\""}} k:2']);
  });

  test('is told at once: no second passes before a record leaves', async () => {
    const kafka = new Kafka();
    const outbox = startOutbox(database, kafka.publish, quiet);
    await add('warm', 1);
    await emptied(outbox);
    const tookMs: number[] = [];
    for (const n of [2, 3, 4]) {
      const startedAt = Date.now();
      await add('warm', n);
      await eventually(
        () => kafka.ids(),
        (ids) => ids.includes(`warm:${n}`),
      );
      tookMs.push(Date.now() - startedAt);
    }
    await outbox.stop();
    expect(Math.min(...tookMs)).toBeLessThan(300);
  });

  test('keeps the order of commits within a key, however many write at once', async () => {
    const kafka = new Kafka();
    let n = 0;
    const write = (): Promise<void> =>
      database.inTenant('demo', async (em) => {
        // The place in the business order is taken under the key's lock, as an update of a row would.
        await em.execute(`select pg_advisory_xact_lock(42)`);
        n += 1;
        await addToOutbox(em, 'conversation.messages.v1', [record('thread', n)]);
      });
    await Promise.all(Array.from({ length: 40 }, write));
    const outbox = startOutbox(database, kafka.publish, quiet);
    await emptied(outbox);
    await outbox.stop();
    expect(kafka.ids()).toEqual(Array.from({ length: 40 }, (_, index) => `thread:${index + 1}`));
  });

  test('a later writer of a key waits for the earlier one, so ids follow commits', async () => {
    const kafka = new Kafka();
    const gate = Promise.withResolvers<void>();
    const inserted = Promise.withResolvers<void>();
    const first = database.inTenant('demo', async (em) => {
      await addToOutbox(em, 'agent.activity.v1', [record('agent', 1)]);
      inserted.resolve();
      await gate.promise;
    });
    await inserted.promise;
    const outbox = startOutbox(database, kafka.publish, quiet);
    const second = add('agent', 2, 'agent.activity.v1');
    await add('another', 1, 'agent.activity.v1');
    await eventually(
      () => kafka.ids(),
      (ids) => ids.includes('another:1'),
    );
    gate.resolve();
    await Promise.all([first, second]);
    await emptied(outbox);
    await outbox.stop();
    expect(kafka.ids()).toEqual(['another:1', 'agent:1', 'agent:2']);
  });

  test('F8: while Kafka is away it asks at the gate and not Kafka; afterwards everything leaves in order', async () => {
    const kafka = new Kafka();
    kafka.isDown = true;
    let up = Promise.withResolvers<void>();
    const outbox = startOutbox(database, kafka.publish, { ...quiet, gate: { whenUp: () => up.promise } });
    for (const n of [1, 2, 3]) await add('k', n);
    const attemptsBehindTheGate = kafka.attempts;
    up.resolve();
    await eventually(
      () => kafka.attempts,
      (attempts) => attempts > 0,
    );
    up = Promise.withResolvers();
    const settled = kafka.attempts;
    await add('k', 4);
    kafka.isDown = false;
    up.resolve();
    await emptied(outbox);
    await outbox.stop();
    expect([attemptsBehindTheGate, settled]).toEqual([0, 1]);
    expect(kafka.ids()).toEqual(['k:1', 'k:2', 'k:3', 'k:4']);
  });

  test('several replicas: one relays; when its connection dies, another goes on, and nothing is lost', async () => {
    const [one, two] = [new Kafka(), new Kafka()];
    const outboxes = [startOutbox(database, one.publish, quiet), startOutbox(database, two.publish, quiet)];
    await add('k', 1);
    await eventually(
      () => one.got.length + two.got.length,
      (count) => count === 1,
    );
    const [leader] = [one, two].filter((kafka) => kafka.got.length === 1);
    for (let n = 2; n <= 60; n += 1) {
      if (n % 20 === 0)
        await run(
          postgres.superuser,
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'inbox outbox'
           and pid in (select pid from pg_locks where locktype = 'advisory' and granted)`,
        );
      await add('k', n);
    }
    await emptied(outboxes[0] as Outbox);
    await Promise.all(outboxes.map((outbox) => outbox.stop()));
    const ids = [...one.ids(), ...two.ids()];
    expect(leader).toBeDefined();
    expect(new Set(ids)).toEqual(new Set(Array.from({ length: 60 }, (_, index) => `k:${index + 1}`)));
    expect([one.got.length > 0, two.got.length > 0]).toEqual([true, true]);
  });

  test('I18: records of one tenant are no other tenant’s to see', async () => {
    await add('mine', 1);
    const seen = await database.inTenant('other', (em) => em.execute('select * from outbox'));
    expect(seen).toEqual([]);
    await run(postgres.superuser, 'delete from inbox.outbox');
  });

  test('a record that Kafka would never take is refused before it blocks everything behind it', async () => {
    const huge = [
      { key: 'k', value: { text: 'x'.repeat(600_000) }, headers: {} },
      { key: 'k', value: { text: '語'.repeat(200_000) }, headers: {} },
      { key: 'k', value: null, headers: { ce_subject: 'x'.repeat(600_000) } },
    ];
    for (const record of huge) {
      const adding = database.inTenant('demo', (em) => addToOutbox(em, 'conversation.audit.v1', [record]));
      await expect(adding).rejects.toThrow('A record of conversation.audit.v1 is larger than 524288 bytes.');
    }
  });
});

describe('stream positions', () => {
  test('1..n without a gap, whoever asks at once; a tenant counts for itself', async () => {
    const ask = (): Promise<number> => database.inTenant('demo', (em) => nextPosition(em, 'live_activity'));
    const positions = await Promise.all(Array.from({ length: 20 }, ask));
    expect(positions.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await database.inTenant('demo', (em) => currentPosition(em, 'live_activity'))).toBe(20);
    expect(await database.inTenant('other', (em) => currentPosition(em, 'live_activity'))).toBe(0);
  });

  test('a position that was undone is given again', async () => {
    const undone = database.inTenant('demo', async (em) => {
      await nextPosition(em, 'desk');
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(await database.inTenant('demo', (em) => nextPosition(em, 'desk'))).toBe(1);
  });
});

describe('X3: effectively once', () => {
  const conversationId = 'cnv_1';
  const fold = 'closed-count';
  const handle = (sequence: number, tenant = 'demo'): Promise<string> =>
    database.inTenant(tenant, async (em) => {
      const place = await takeSequence(em, { fold, conversationId, sequence });
      if (place.kind === 'next')
        await em.execute(`insert into closed_count (day, closed) values ('2026-11-21', 1)
          on conflict (tenant, day) do update set closed = closed_count.closed + 1`);
      return place.kind === 'gap' ? `gap after ${place.last}` : place.kind;
    });
  const counted = async (): Promise<unknown> => {
    const [row] = await database.inTenant('demo', (em) =>
      em.execute<{ closed: number }[]>('select closed from closed_count'),
    );
    return row?.closed;
  };

  test('a record handled twice counts once', async () => {
    expect([await handle(1), await handle(1), await handle(2), await handle(1), await handle(2)]).toEqual([
      'next',
      'repeat',
      'next',
      'repeat',
      'repeat',
    ]);
    expect(await counted()).toBe(2);
  });

  test('also when two handlers have it at the same time (after a rebalance)', async () => {
    const both = await Promise.all(Array.from({ length: 6 }, () => handle(3)));
    expect(both.filter((place) => place === 'next')).toEqual(['next']);
    expect(await counted()).toBe(3);
  });

  test('a gap is an alarm and changes nothing', async () => {
    expect(await handle(6)).toBe('gap after 3');
    const last = await database.inTenant('demo', (em) => lastSequence(em, { fold, conversationId }));
    expect([last, await counted()]).toEqual([3, 3]);
  });

  test('a fold that failed has taken nothing', async () => {
    const failing = database.inTenant('demo', async (em) => {
      await takeSequence(em, { fold, conversationId, sequence: 4 });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await handle(4)).toBe('next');
  });

  test('the same id in another tenant counts for itself', async () => {
    expect(await handle(1, 'other')).toBe('next');
  });
});
