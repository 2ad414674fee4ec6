import { afterAll, afterEach, expect, test } from '@jest/globals';
import { createLog } from '@parley/service/log';
import { problem } from '@parley/service/problem';
import { Shutdown } from '@parley/service/shutdown';
import { Registry } from 'prom-client';
import { eventually } from '../../../test/parts/eventually.js';
import { ChannelAccounts } from '../src/configuration/channel-accounts.js';
import { Deliveries } from '../src/deliveries/deliveries.js';
import { DeliveryRow } from '../src/deliveries/delivery.entity.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { openInboxDatabase } from './database.js';
import { storedRow } from './lived.js';

const { database, close } = await openInboxDatabase();
const log = createLog('inbox', 'silent');
const running: Shutdown[] = [];
const stop = async (): Promise<void> => {
  for (const shutdown of running.splice(0)) await shutdown.runStage('workers');
};
afterEach(stop);
afterAll(close);

const tenant = 'demo';
let threads = 0;
/** An agent's message that waits for its delivery; answers its id. */
async function waiting(): Promise<string> {
  const [threadId, id] = [`th_${++threads}`, `msg_${threads}`];
  const at = new Date();
  await database.inTenant(tenant, async (em) => {
    const message = storedRow(tenant, threadId, 1, id);
    await em.insert(MessageRow, { ...message, state: 'placed', conversationId: 'cv_1', body: Buffer.from('Hello') });
    const delivery = { threadId, position: 1, channelAccount: 'whatsapp', state: 'waiting', attempts: 0 } as const;
    await em.insert(DeliveryRow, { ...delivery, tenant, messageId: id, nextAttemptAt: at, createdAt: at });
  });
  return id;
}
const keptOf = async (messageId: string): Promise<[string, number, string | null | undefined]> => {
  const row = await database.inTenant(tenant, (em) =>
    em.findOneOrFail(DeliveryRow, { tenant, messageId }, { disableIdentityMap: true }),
  );
  return [row.state, row.attempts, row.lastOutcome];
};

const account = { deliveryUrl: 'http://localhost:9/never' };
function deliver(find: () => Promise<unknown>, open: (place: { row: string }) => Promise<string>): void {
  const shutdown = new Shutdown(log);
  running.push(shutdown);
  const accounts = { find, secretOf: async () => 'whsec_c2VjcmV0' };
  const contacts = { externalIdOf: async () => 'visitor' } as never;
  const metrics = { registry: new Registry() } as never;
  const vault = { open } as never;
  new Deliveries(database, vault, log, accounts as never, contacts, shutdown, metrics).onApplicationBootstrap();
}

test('of an account that is gone a delivery is given up at once: whoever takes its id later gets no old texts', async () => {
  const id = await waiting();
  const gone = async (): Promise<never> => {
    throw problem(404, 'not-found');
  };
  deliver(gone, async () => 'Hello');
  await eventually(
    () => keptOf(id),
    ([state]) => state === 'failed',
  );
  expect(await keptOf(id)).toEqual(['failed', 1, 'account withdrawn']);
});

test('what waits when its account is withdrawn is given up then, and an account that takes the id gets none of it', async () => {
  const id = await waiting();
  const vault = { seal: async () => Buffer.from('sealed') } as never;
  const settings = { PUBLIC_URL: 'http://localhost' } as never;
  const audit = { acted: async () => undefined } as never;
  const accounts = new ChannelAccounts(database, vault, settings, { forget: () => undefined } as never, audit);
  const body = { id: 'whatsapp', kind: 'site', defaultCampaign: 'site', policy: 'strict', surveyOn: true } as const;
  const act = { tenant, by: 'seed' } as const;
  await accounts.create({ ...body, ...account }, act);
  await accounts.withdraw({ ...act, id: 'whatsapp' });
  expect(await keptOf(id)).toEqual(['failed', 0, 'account withdrawn']);
});

test('a text that cannot be opened counts as an attempt, so that it is given up some day', async () => {
  const id = await waiting();
  const broken = async (): Promise<never> => {
    throw new RangeError('not of this place');
  };
  deliver(async () => account, broken);
  await eventually(
    () => keptOf(id),
    ([, attempts]) => attempts > 0,
  );
  await stop();
  const [state, , why] = await keptOf(id);
  expect([state, why]).toEqual(['waiting', 'RangeError']);
});

test('a database that is away is no attempt', async () => {
  const id = await waiting();
  let looked = 0;
  const away = async ({ row }: { row: string }): Promise<never> => {
    looked += Number(row === id);
    throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
  };
  deliver(async () => account, away);
  await eventually(
    () => looked,
    (count) => count > 0,
  );
  await stop();
  expect(await keptOf(id)).toEqual(['waiting', 0, null]);
});
