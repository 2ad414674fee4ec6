import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ENTITIES } from '@parley/admin/admin.parts';
import { LifecycleProjector } from '@parley/admin/lifecycle/lifecycle.projector';
import { LogConsumer } from '@parley/admin/lifecycle/log.consumer';
import { MIGRATIONS } from '@parley/admin/migrations/tables';
import type { Conversation } from '@parley/contracts/state';
import { viewOf } from '@parley/domain/view';
import { Poison } from '@parley/lifecycle-log/failure';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import { readTopic } from '@parley/lifecycle-log/read-topic';
import { consumerLag, totalLag } from '@parley/lifecycle-log/lag';
import { openDatabase } from '@parley/persistence/database';
import { Metrics } from '@parley/service/metrics';
import kafkajs from 'kafkajs';
import { until } from '../../deploy/local/demo/play.ts';
import {
  admin,
  agentsReady,
  conversationIn,
  eventually,
  isAt,
  newContact,
  send,
  writes,
} from '../end-to-end/actors.ts';
import { rows } from '../end-to-end/database.ts';
import { at, field, gateway } from '../end-to-end/stack.ts';
import { run, SECRET, startPostgres } from '../parts/postgres.ts';
import { order, ready } from './control.ts';

const LIFE = 'conversation.lifecycle.v1';
const MESSAGES = 'conversation.messages.v1';
const STATE = 'conversation.state.v1';
const CONFIGURATION = 'parley.configuration.v1';

/** Each service with what its group reads and what it makes of it: the columns that say where a row is read from are left out. */
const FOLDS = {
  admin: {
    topics: [LIFE, MESSAGES, STATE, 'conversation.audit.v1', CONFIGURATION],
    tables: ['conversation', 'event', 'message_event', 'audit', 'configuration', 'policy_version', 'comment'],
  },
  inbox: {
    topics: [LIFE, CONFIGURATION],
    tables: ['conversation', 'life_event', 'lease', 'desk_change', 'configuration', 'channel_account', 'message'],
  },
} as const;
type Service = keyof typeof FOLDS;

const brokers = at('kafka');
const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), clientId: 'reread', logLevel: 0 });

type Table = Map<string, string>;

/** A table in one digest a row, so that a difference names its row. */
function digested(found: Record<string, unknown>[]): Table {
  const texts = found.map(({ row }) => JSON.stringify(row)).toSorted();
  return new Map(texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]));
}

const contentOf = async (service: Service, table: string): Promise<Table> =>
  digested(await rows(`select to_jsonb(one) as row from ${service}.${table} as one`));

async function tablesOf(service: Service): Promise<Map<string, Table>> {
  const tables = new Map<string, Table>();
  for (const table of FOLDS[service].tables) tables.set(table, await contentOf(service, table));
  return tables;
}

const missingFrom = (one: Table, other: Table | undefined): string[] =>
  [...one].filter(([digest]) => other?.has(digest) !== true).map(([, text]) => text);

const lagOf = async (service: Service): Promise<number> =>
  totalLag(await consumerLag({ brokers, clientId: 'reread', group: service, topics: [...FOLDS[service].topics] }));

/** Twice in a row nothing is left to read and nothing has changed: everything that was begun has come to rest. */
async function atRest(service: Service): Promise<Map<string, Table>> {
  let before: Map<string, Table> | undefined;
  return until(
    `${service} to come to rest`,
    async () => {
      const lag = await lagOf(service);
      const now = await tablesOf(service);
      const last = before;
      before = now;
      const isSame = FOLDS[service].tables.every((table) => {
        const [one, other] = [last?.get(table), now.get(table)];
        return one?.size === other?.size && one !== undefined && missingFrom(one, other).length === 0;
      });
      return lag === 0 && isSame ? now : undefined;
    },
    120_000,
  );
}

/** Puts the group back to the first record of everything it reads. @throws Error until its last member is gone */
async function rewind(service: Service): Promise<number> {
  const client = kafka.admin();
  await client.connect();
  try {
    await until(
      `no member left in ${service}`,
      async () => {
        const { groups } = await client.describeGroups([service]);
        return groups[0]?.state === 'Empty' ? true : undefined;
      },
      60_000,
    );
    for (const topic of FOLDS[service].topics) await client.resetOffsets({ groupId: service, topic, earliest: true });
    return await lagOf(service);
  } finally {
    await client.disconnect();
  }
}

beforeAll(async () => {
  await agentsReady('agent-1', 'agent-2');
  const visitor = { account: 'whatsapp', contact: newContact('reread') };
  const closed = await conversationIn('closed', visitor);
  await writes(visitor, 'And again');
  await conversationIn('paused', { account: 'whatsapp', contact: newContact('reread') });
  await conversationIn('wrap-up', { account: 'messaging', contact: newContact('reread') });
  const cancelled = await conversationIn('active', { account: 'campaign-1', contact: newContact('reread') });
  await send('super-administrator-1', admin(cancelled, 'cancel'), { category: 'spam' });
  for (const [id, status] of [
    [closed, 'closed'],
    [cancelled, 'cancelled'],
  ] as const)
    await eventually(id, isAt(status));
}, 120_000);

describe('the topic consumed twice gives the same read model', () => {
  test.each(['admin', 'inbox'] as const)(
    'X3: %s reads its topics from the beginning once more, and every row is as it was',
    async (service) => {
      const before = await atRest(service);
      const letters = await deadLetters(service);
      await order(service, 'stop');
      const toRead = await rewind(service);
      expect(toRead).toBeGreaterThan(100);
      await order(service, 'start');
      await ready(service);
      const after = await atRest(service);
      for (const [table, content] of before) {
        const again = after.get(table) ?? new Map<string, string>();
        expect([table, missingFrom(content, again).slice(0, 3)]).toEqual([table, []]);
        expect([table, missingFrom(again, content).slice(0, 3)]).toEqual([table, []]);
      }
      expect(await deadLetters(service)).toBe(letters);
    },
    300_000,
  );

  test('X3: conversation.state.v1 holds of each conversation what the read model holds', async () => {
    await atRest('admin');
    const newest = new Map<string, unknown>();
    for (const { key, value } of await readTopic({ brokers, topic: STATE })) newest.set(String(key), value);
    const models = await rows('select id, state from admin.conversation where state is not null');
    expect(models.length).toBeGreaterThan(3);
    const differing = models.filter(({ id, state }) => {
      const view = Object.entries(viewOf(state as Conversation));
      return view.some(([name, value]) => !isDeepStrictEqual(field(newest.get(String(id)), name), value));
    });
    expect(differing.map(({ id }) => [id, newest.has(String(id))]).slice(0, 5)).toEqual([]);
  }, 180_000);
});

describe('the read model is nothing but a fold of the log', () => {
  test('I4: admin’s tables, made anew out of the topics alone, are those that lived', async () => {
    await atRest('admin');
    const [lives, messages] = await Promise.all([LIFE, MESSAGES].map((topic) => readTopic({ brokers, topic })));
    const all = [...(lives ?? []), ...(messages ?? [])];
    const begun = await rows('select distinct thread_id from admin.conversation where state is not null');
    const threads = new Set(all.map(({ key }) => key ?? ''));
    expect(begun.map(({ thread_id }) => String(thread_id)).filter((thread) => !threads.has(thread))).toEqual([]);
    const some = spread([...threads], Math.ceil(all.length / MOST_RECORDS));
    const fresh = await startPostgres();
    try {
      await foldInto(fresh.url, all, some);
      for (const [table, thread] of Object.entries(REBUILT)) {
        const asked: [string, unknown[]] = [withoutPlaces(table, thread), [some]];
        const one = digested(await rows(...asked));
        const other = digested(await run<Record<string, unknown>>(fresh.superuser, ...asked));
        expect([table, one.size > 0]).toEqual([table, true]);
        expect([table, missingFrom(one, other).slice(0, 3)]).toEqual([table, []]);
        expect([table, missingFrom(other, one).slice(0, 3)]).toEqual([table, []]);
      }
    } finally {
      await fresh.stop();
    }
  }, 180_000);
});

/** What is made of the two logs, and what says whose a row is. */
const REBUILT = { conversation: 'thread_id', event: "body->>'threadid'", message_event: "body->>'threadid'" };
/** A row's place in the live stream, and what was read back of the state topic, belong to one database. */
const withoutPlaces = (table: string, thread: string): string =>
  `select to_jsonb(one) - '{position,state_seen}'::text[] as row from admin.${table} as one where ${thread} = any($1)`;
/** After the whole suite there are more than can be folded in a few seconds: then every so manieth thread is, the newest with it. */
const MOST_RECORDS = 2500;
const spread = <T>(all: T[], stride: number): T[] => all.toReversed().filter((_, index) => index % stride === 0);
const LANES = 5;

/** The records of these threads to admin's own folds, several threads at once, each record in its order. */
async function foldInto(url: string, records: LogRecord[], threads: string[]): Promise<void> {
  const database = await openDatabase({
    url,
    secret: SECRET,
    service: 'admin',
    entities: ENTITIES,
    migrations: MIGRATIONS,
  });
  try {
    const folds = { projector: new LifecycleProjector(database, gateway) };
    const consumer = new LogConsumer(folds as never, { error: () => undefined } as never, new Metrics('rebuild'));
    const laneOf = new Map(threads.map((thread, index) => [thread, index % LANES]));
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      for (const record of records.filter(({ key }) => laneOf.get(key ?? '') === lane))
        await consumer.handle(record).catch(letGoIfUnreadable);
    });
    await Promise.all(lanes);
  } finally {
    await database.close();
  }
}

/** The service puts it aside. @throws whatever else went wrong */
function letGoIfUnreadable(error: unknown): void {
  if (!(error instanceof Poison)) throw error;
}

/** Records that the group could not read: reading again must not make any. */
async function deadLetters(service: Service): Promise<number> {
  const topic = `${service}.dead-letter`;
  const client = kafka.admin();
  await client.connect();
  try {
    if (!(await client.listTopics()).includes(topic)) return 0;
    const partitions = await client.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await client.disconnect();
  }
}
