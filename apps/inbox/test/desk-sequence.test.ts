import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Database } from '@parley/persistence/database';
import { currentPosition } from '@parley/persistence/stream-position';
import { createLog } from '@parley/service/log';
import { Shutdown } from '@parley/service/shutdown';
import { DESK_STREAM, showCapacity } from '../src/desk/desk-changes.js';
import { DeskSequence } from '../src/desk/desk-sequence.js';
import { openInboxDatabase } from './database.js';

const { database, close } = await openInboxDatabase();
const log = createLog('inbox', 'silent');
const running: Shutdown[] = [];
afterEach(async () => {
  for (const shutdown of running.splice(0)) await shutdown.runStage('workers');
});
afterAll(close);

/** One replica's sequencer at work; answers how to end it. */
function sequencer(of: Database = database): Shutdown {
  const shutdown = new Shutdown(log);
  new DeskSequence(of, log, shutdown).onApplicationBootstrap();
  running.push(shutdown);
  return shutdown;
}

let tenants = 0;
const newTenant = (): string => `tenant-${++tenants}`;
const change = (tenant: string, agent: string): Promise<void> =>
  database.inTenant(tenant, (em) => showCapacity(em, tenant, [agent]));

/** Agents of the changes that have a position, in its order, and the positions. */
async function placed(tenant: string): Promise<{ agents: string[]; positions: number[]; newest: number }> {
  return database.inTenant(tenant, async (em) => {
    const rows = await em.execute<{ agent: string; position: string }[]>(
      'select agents[1] as agent, position from desk_change where tenant = ? and position is not null order by position',
      [tenant],
    );
    const newest = await currentPosition(em, DESK_STREAM);
    return { agents: rows.map(({ agent }) => agent), positions: rows.map(({ position }) => Number(position)), newest };
  });
}
const oneTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

async function untilPlaced(tenant: string, count: number): Promise<Awaited<ReturnType<typeof placed>>> {
  for (const end = Date.now() + 10_000; ; await wait(10)) {
    const seen = await placed(tenant);
    if (seen.positions.length >= count) return seen;
    if (Date.now() > end) throw new Error(`${seen.positions.length} of ${count} have a position`);
  }
}

describe('positions of desk changes', () => {
  test('in the order of the commits, not of the beginnings: a slow transaction holds nobody up', async () => {
    const tenant = newTenant();
    sequencer();
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow = database.inTenant(tenant, async (em) => {
      await showCapacity(em, tenant, ['slow']);
      begun.resolve();
      await held.promise;
    });
    await begun.promise;
    await change(tenant, 'quick');
    expect((await untilPlaced(tenant, 1)).agents).toEqual(['quick']);
    held.resolve();
    await slow;
    expect(await untilPlaced(tenant, 2)).toEqual({ agents: ['quick', 'slow'], positions: [1, 2], newest: 2 });
  });

  test('two sequencers at once, many commits at once: 1..n without a hole or a repeat, and whoever sees n has all up to n', async () => {
    const tenant = newTenant();
    sequencer();
    sequencer();
    let isWriting = true;
    const holes: number[][] = [];
    const watching = (async () => {
      while (isWriting) {
        const { positions } = await placed(tenant);
        if (positions.at(-1) !== positions.length && positions.length > 0) holes.push(positions);
        await wait(2);
      }
    })();
    const writers = oneTo(6).map(async (writer) => {
      for (const n of oneTo(30)) await change(tenant, `agent-${writer}-${n}`);
    });
    await Promise.all(writers);
    const { agents, positions, newest } = await untilPlaced(tenant, 180);
    isWriting = false;
    await watching;
    expect(positions).toEqual(oneTo(180));
    expect([new Set(agents).size, newest, holes]).toEqual([180, 180, []]);
  });

  test('one writer’s changes keep their order, whichever sequencer places them', async () => {
    const tenant = newTenant();
    sequencer();
    sequencer();
    const names = oneTo(60).map((n) => `change-${n}`);
    for (const name of names) await change(tenant, name);
    expect((await untilPlaced(tenant, 60)).agents).toEqual(names);
  });

  test('one that dies in the middle leaves no hole: its changes have no position, and the next one gives them', async () => {
    const tenant = newTenant();
    const deaths: string[] = [];
    const dying: Database = {
      ...{ service: database.service, url: database.url, ping: () => database.ping(), close: () => database.close() },
      acrossTenants: (work) => database.acrossTenants(work),
      listen: (channel, callback) => database.listen(channel, callback),
      inTenant: (name, work) => database.inTenant(name, work),
      statementsAcross: () => database.statementsAcross(),
      // Killed before the commit.
      statements: (name) => ({
        execute: (sql, params) =>
          database
            .statements(name)
            .execute<never>(`${sql}; select 1 / 0`, params)
            .finally(() => deaths.push(name)),
      }),
    };
    const dead = sequencer(dying);
    await change(tenant, 'one');
    await change(tenant, 'two');
    for (const end = Date.now() + 10_000; !deaths.includes(tenant) && Date.now() < end;) await wait(5);
    await dead.runStage('workers');
    expect(deaths).toContain(tenant);
    expect(await placed(tenant)).toEqual({ agents: [], positions: [], newest: 0 });
    sequencer();
    expect(await untilPlaced(tenant, 2)).toEqual({ agents: ['one', 'two'], positions: [1, 2], newest: 2 });
    await change(tenant, 'three');
    expect((await untilPlaced(tenant, 3)).positions).toEqual([1, 2, 3]);
  });

  test('each tenant counts for itself', async () => {
    const [one, other] = [newTenant(), newTenant()];
    await change(one, 'a');
    await change(other, 'b');
    await change(one, 'c');
    sequencer();
    expect(await untilPlaced(one, 2)).toEqual({ agents: ['a', 'c'], positions: [1, 2], newest: 2 });
    expect(await untilPlaced(other, 1)).toEqual({ agents: ['b'], positions: [1], newest: 1 });
  });
});
