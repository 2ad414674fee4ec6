import { afterAll, afterEach, expect, test } from '@jest/globals';
import type { Settings } from '@parley/contracts/settings';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Candidate } from '@parley/domain/routing';
import { notify } from '@parley/persistence/listener';
import { createLog } from '@parley/service/log';
import { Shutdown } from '@parley/service/shutdown';
import type { ConversationClient } from '@parley/temporal/client';
import { eventually } from '../../../test/parts/eventually.js';
import { AgentRow } from '../src/capacity/agent.entity.js';
import { Leases } from '../src/capacity/leases.js';
import { Aftermath } from '../src/commands/aftermath.js';
import { ConfigurationRow } from '../src/configuration/configuration.entity.js';
import { ConfigurationStore } from '../src/configuration/configuration.store.js';
import { DeskChangeRow } from '../src/desk/desk-change.entity.js';
import { HEARD } from '../src/parts.js';
import { Router } from '../src/routing/router.js';
import { WaitingList } from '../src/routing/waiting-list.js';
import { Turns } from '../src/turns.js';
import { openInboxDatabase } from './database.js';

const { database, close } = await openInboxDatabase();
const log = createLog('inbox', 'silent');
const settings = { PUBLIC_URL: 'http://localhost' } as Settings;
const configuration = new ConfigurationStore(database);
const leases = new Leases(database, settings, configuration);
const running: Shutdown[] = [];
afterEach(async () => {
  for (const shutdown of running.splice(0)) await shutdown.runStage('workers');
});
afterAll(close);

let tenants = 0;
const newTenant = (): string => `tenant-${++tenants}`;

async function group(tenant: string, id: string, agents: Record<string, number>): Promise<void> {
  const members = Object.keys(agents);
  await database.inTenant(tenant, async (em) => {
    await em.insert(ConfigurationRow, { tenant, kind: 'group', key: id, version: 1, value: { id, name: id, members } });
    for (const [agentId, messagingLimit] of Object.entries(agents))
      await em.upsert(AgentRow, {
        ...{ tenant, id: agentId, status: 'online', accepts: 'automatic', messagingLimit, emailLimit: 5 },
      });
  });
  configuration.forget(tenant);
}

/** As the fold has them: the first is the longest-waiting. */
const waiting = (tenant: string, groupId: string, prefix: string, count: number, reason = 'in-queue', at = '10:00') =>
  database.inTenant(tenant, (em) =>
    em.execute(
      `insert into conversation (tenant, id, thread_id, contact_id, channel_account, campaign, group_id, status,
         pending_reason, sequence, episode, tags, started_at, pending_since, state)
       select ?, ? || n, 'th', 'ct', 'acc', 'cmp', ?, 'pending', ?, 2, 1, '{}', now(),
         ?::timestamptz + n * interval '1 ms', '{}' from generate_series(1, ?) as n`,
      [tenant, prefix, groupId, reason, `2026-11-21T${at}:00Z`, count],
    ),
  );

interface Sent {
  type: string;
  conversationId: string;
  commandId: string;
  lease?: { granted: string } | { refused: string };
  to?: string;
  pendingReason?: string;
}

/** The server and its conversations: the first answer under an id is the answer for ever. */
class Server {
  readonly sent: Sent[] = [];
  isAway = false;
  readonly #answers = new Map<string, CommandUpdateAnswer>();

  constructor(private readonly decide: (command: Sent) => 'done' | 'busy' = () => 'done') {}

  readonly client = {
    command: async (_tenant: string, conversationId: string, type: string, command: object) => {
      const sent = { ...command, type, conversationId } as Sent;
      this.sent.push(sent);
      if (this.isAway) return { kind: 'unavailable', why: 'away' };
      const answer = this.#answers.get(sent.commandId) ?? this.#answer(sent);
      this.#answers.set(sent.commandId, answer);
      return { kind: 'answer', answer };
    },
  } as unknown as ConversationClient;

  #answer(sent: Sent): CommandUpdateAnswer {
    if (sent.lease && 'refused' in sent.lease)
      return { kind: 'refused', reason: 'CAPACITY_FULL', currentSequence: 2, nextConversationId: null };
    if (this.decide(sent) === 'busy') return { kind: 'busy', retryAfterMs: 1000 };
    const done = { sequence: 3, decidedAt: '2026-11-21T11:00:00.000Z', outcome: 'done', effects: [], freed: null };
    const conversation = { sequence: 3, assignedTo: sent.to ?? null };
    return { kind: 'done', ...done, held: sent.to ?? null, conversation } as unknown as CommandUpdateAnswer;
  }

  /** What each was told, once each unless it was told more often. */
  told(type: 'assign' | 'requeue'): string[] {
    return this.sent
      .filter((one) => one.type === type)
      .map((one) => `${one.conversationId} ${one.to ?? one.pendingReason}`);
  }
}

function route(server: Server, list = new WaitingList(database, configuration)): void {
  const shutdown = new Shutdown(log);
  running.push(shutdown);
  const aftermath = new Aftermath(database, settings, log);
  const turns = new Turns(database);
  new Router(database, log, turns, list, leases, server.client, aftermath, shutdown).onApplicationBootstrap();
}
const wake = (tenant: string): Promise<void> => database.inTenant(tenant, (em) => notify(em, HEARD.router, tenant));
const leaseOf = async (tenant: string, id: string): Promise<string[]> => {
  const rows = await database.inTenant(tenant, (em) =>
    em.execute<{ state: string }[]>('select state from lease where tenant = ? and conversation_id = ?', [tenant, id]),
  );
  return rows.map(({ state }) => state).toSorted();
};

test('the place is gone when the router wants it: nothing is sent, and once it is free again the conversation comes', async () => {
  const tenant = newTenant();
  await group(tenant, 'support', { xenia: 1 });
  await waiting(tenant, 'support', 'c', 1);
  const byHand = { tenant, conversationId: 'd', episode: 1, requestId: 'cmd:by-hand' };
  /** Between the router's look and its grasp the agent picks another one. */
  class Raced extends WaitingList {
    looks = 0;
    override async candidates(of: string): Promise<Candidate[]> {
      const seen = await super.candidates(of);
      this.looks += 1;
      const target = { agentId: 'xenia', group: null };
      if (this.looks === 1) await leases.take({ ...byHand, request: null, settleAt: null }, target);
      return seen;
    }
  }
  const [server, list] = [new Server(), new Raced(database, configuration)];
  route(server, list);
  await eventually(
    () => list.looks,
    (looks) => looks >= 3,
  );
  expect(server.sent).toEqual([]);
  await leases.giveBack(byHand);
  await eventually(
    () => leaseOf(tenant, 'c1'),
    (states) => states.includes('used'),
  );
  expect(server.sent).toMatchObject([{ type: 'assign', conversationId: 'c1', to: 'xenia' }]);
});

test('each attempt is a command of its own: what was refused once may come about later', async () => {
  const tenant = newTenant();
  await group(tenant, 'support', { yara: 1 });
  await waiting(tenant, 'support', 'c', 1);
  const server: Server = new Server(() => (server.sent.length === 1 ? 'busy' : 'done'));
  route(server);
  await eventually(
    () => leaseOf(tenant, 'c1'),
    (states) => states.includes('freed'),
  );
  await wake(tenant);
  await eventually(
    () => leaseOf(tenant, 'c1'),
    (states) => states.includes('used'),
  );
  expect(new Set(server.sent.map(({ commandId }) => commandId)).size).toBe(2);
  expect(await leaseOf(tenant, 'c1')).toEqual(['freed', 'used']);
});

test('while no conversation can be reached, a round ends at the first; the next one begins anew', async () => {
  const tenant = newTenant();
  await group(tenant, 'support', { wanda: 5 });
  await waiting(tenant, 'support', 'c', 3);
  const server = new Server();
  server.isAway = true;
  route(server);
  const turns = () => database.inTenant(tenant, (em) => em.execute('select name from turn where tenant = ?', [tenant]));
  await eventually(
    () => leaseOf(tenant, 'c1'),
    (states) => states.includes('freed'),
  );
  await eventually(turns, (rows) => rows.length === 0);
  expect(new Set(server.told('assign'))).toEqual(new Set(['c1 wanda']));
  server.isAway = false;
  await wake(tenant);
  await eventually(
    () => leaseOf(tenant, 'c3'),
    (states) => states.includes('used'),
  );
  expect(server.told('assign').slice(-3)).toEqual(['c1 wanda', 'c2 wanda', 'c3 wanda']);
});

test('what the router gives back wakes no router; what anybody else gives back does', async () => {
  const [tenant, marker] = [newTenant(), newTenant()];
  await group(tenant, 'support', { zoe: 5 });
  const heard: (string | null)[] = [];
  database.listen(HEARD.router, (word) => void heard.push(word));
  await eventually(
    () => heard,
    (words) => words.includes(null),
  );
  for (const by of ['router', 'others'] as const) {
    const key = { tenant, conversationId: by, episode: 1, requestId: `cmd:${by}` };
    await leases.take({ ...key, request: null, settleAt: null }, { agentId: 'zoe', group: 'support' });
    await leases.settle(key, 'zoe', { kind: 'unavailable', why: 'away' }, by);
    await wake(marker);
  }
  await eventually(
    () => heard,
    (words) => words.filter((word) => word === marker).length === 2,
  );
  expect(heard.slice(1)).toEqual([marker, tenant, marker]);
  const shown = await database.inTenant(tenant, (em) =>
    em.find(DeskChangeRow, { tenant }, { disableIdentityMap: true }),
  );
  expect(shown.map(({ kind, agents }) => [kind, agents])).toEqual(Array(4).fill(['capacity', ['zoe']]));
});

test('the longest-waiting of a group without room hold up nobody of another group', async () => {
  const tenant = newTenant();
  await group(tenant, 'full', { full: 0 });
  await group(tenant, 'free', { free: 1 });
  await waiting(tenant, 'empty', 'e', 250, 'agents-offline', '08:00');
  await waiting(tenant, 'full', 'f', 250, 'in-queue', '09:00');
  await waiting(tenant, 'free', 'c', 2, 'in-queue', '10:00');
  const server = new Server();
  route(server);
  await eventually(
    () => leaseOf(tenant, 'c1'),
    (states) => states.includes('used'),
  );
  expect(server.sent.map(({ type, conversationId, to }) => [type, conversationId, to])).toEqual([
    ['assign', 'c1', 'free'],
  ]);
});

test('all who wait for nobody are told so, however many; the longest-waiting first, and once', async () => {
  const tenant = newTenant();
  await group(tenant, 'full', { full: 0 });
  await waiting(tenant, 'full', 'f', 230, 'agents-offline', '08:00');
  await waiting(tenant, 'empty', 'e', 5, 'returned', '09:00');
  const server = new Server();
  route(server);
  const numbers = (prefix: string, count: number, reason: string) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index + 1} ${reason}`);
  const expected = [...numbers('f', 230, 'in-queue'), ...numbers('e', 5, 'agents-offline')];
  await eventually(
    () => server.sent.length,
    (count) => count >= expected.length,
  );
  expect(server.told('requeue')).toEqual(expected);
});
