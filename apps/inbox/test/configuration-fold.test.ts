import { afterAll, expect, test } from '@jest/globals';
import { TOPICS } from '@parley/contracts/envelope';
import type { KafkaRecord, LogRecord } from '@parley/lifecycle-log/kafka-record';
import { configurationRecord } from '@parley/lifecycle-log/lifecycle-record';
import { readConfiguration } from '@parley/lifecycle-log/read-lifecycle';
import { ChannelAccounts } from '../src/configuration/channel-accounts.js';
import { ChannelAccountRow } from '../src/configuration/configuration.entity.js';
import { ConfigurationFold } from '../src/configuration/configuration.fold.js';
import { accountOf, ConfigurationStore } from '../src/configuration/configuration.store.js';
import type { FoldMetrics } from '../src/lifecycle/fold.metrics.js';
import { openInboxDatabase } from './database.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
const PUBLIC_URL = 'http://localhost';
/** It seals nothing here and is administered by nobody. */
const parts = [database, {}, { PUBLIC_URL }, new ConfigurationStore(database), {}] as unknown;
const accounts = new ChannelAccounts(...(parts as ConstructorParameters<typeof ChannelAccounts>));
const fold = new ConfigurationFold(database, {} as FoldMetrics, accounts);

const row = (id: string, version: number, policy: string): ChannelAccountRow => ({
  ...{ tenant, id, version, policy, kind: 'site', defaultCampaign: 'web', surveyOn: true, deliveryUrl: null },
  ...{ hookId: `hook-${id}`, secret: Buffer.from('sealed'), withdrawn: false },
});
const stands = (account: ChannelAccountRow) =>
  database.inTenant(tenant, (em) => em.upsert(ChannelAccountRow, { ...account }));

const lying = ({ key, value, headers }: Pick<KafkaRecord, 'key' | 'headers'> & { value: unknown }): LogRecord => ({
  ...{ topic: TOPICS.configuration, partition: 0, offset: '0', timestamp: '0', key, headers, value },
});
function recordOf(account: ChannelAccountRow): LogRecord {
  const { id: key, version } = account;
  const time = '2026-11-21T10:00:00.000Z';
  const named = { id: `cfg_${key}_${version}`, type: 'parley.configuration-changed' as const, time, tenantid: tenant };
  const change = { ...named, kind: 'channel-account' as const, key, version, value: accountOf(account) };
  return lying(configurationRecord(change, time, PUBLIC_URL));
}

/** What is on its way to the topic. */
async function saidAgain(): Promise<LogRecord[]> {
  const rows = await database.acrossTenants((em) =>
    em.execute<{ key: string; value: string; headers: Record<string, string> }[]>(
      'select key, value, headers from outbox order by id',
    ),
  );
  return rows.map(({ value, ...rest }) => lying({ ...rest, value: JSON.parse(value) as unknown }));
}

test('an older record of ours over a newer one on the compacted topic is covered again by what stands', async () => {
  const [old, now] = [row('site', 1, 'old'), row('site', 2, 'new')];
  await stands(now);
  for (const account of [old, now]) await fold.fold(recordOf(account));
  expect(await saidAgain()).toEqual([]);
  // The outbox that froze while it sent the first one thaws.
  await fold.fold(recordOf(old));
  const [again] = await saidAgain();
  if (!again) throw new Error('it was not said again');
  expect(readConfiguration(again)).toMatchObject({ kind: 'event', event: { version: 2, value: { policy: 'new' } } });
  await fold.fold(again);
  expect(await saidAgain()).toHaveLength(1);
});

test('what is older than what arrived, but is all we have, is said no more: it would answer itself for ever', async () => {
  const [lost, known] = [row('lost', 7, 'before'), row('lost', 1, 'since')];
  await stands(known);
  const before = (await saidAgain()).length;
  await fold.fold(recordOf(lost));
  await fold.fold(recordOf(known));
  expect(await saidAgain()).toHaveLength(before);
});
