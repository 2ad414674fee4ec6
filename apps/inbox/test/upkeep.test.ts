import { afterAll, expect, test } from '@jest/globals';
import type { Health } from '@parley/service/health';
import { Shutdown } from '@parley/service/shutdown';
import { createLog } from '@parley/service/log';
import { eventually } from '../../../test/parts/eventually.js';
import type { DispatchMetrics } from '../src/dispatch/dispatch.metrics.js';
import { foldEvent } from '../src/lifecycle/conversation-fold.js';
import { noteDecided } from '../src/lifecycle/decided.js';
import { Upkeep } from '../src/upkeep/upkeep.js';
import { openInboxDatabase } from './database.js';
import { Lived } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const silent = createLog('test', 'silent');
const tenant = 'demo';

/** Both decided as far as they are folded: nobody needs to know that any more. */
async function folded(thread: string): Promise<Lived> {
  const lived = new Lived(thread).says().assigned();
  await database.inTenant(tenant, async (em) => {
    for (const event of lived.events) await foldEvent(em, event);
    await noteDecided(em, tenant, lived.id, lived.state.sequence);
  });
  return lived;
}
const decided = () =>
  database.acrossTenants((em) =>
    em.execute<{ id: string; sequence: number }[]>('select conversation_id as id, sequence from decided'),
  );
const waitingForLocks = async (): Promise<number> => {
  const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock'`;
  return (await database.acrossTenants((em) => em.execute<unknown[]>(waiting))).length;
};

test('what was decided is forgotten when it is folded, not what is decided while it is looked at', async () => {
  const [now, old] = [await folded(`th_${'1'.padStart(22, '0')}`), await folded(`th_${'2'.padStart(22, '0')}`)];
  const further = now.state.sequence + 3;
  const shutdown = new Shutdown(silent);
  const upkeep = new Upkeep(
    database,
    { sweep: async () => 0 } as unknown as ConstructorParameters<typeof Upkeep>[1],
    silent,
    {} as DispatchMetrics,
    { add: () => undefined } as unknown as Health,
    shutdown,
  );
  await database.inTenant(tenant, async (em) => {
    await noteDecided(em, tenant, now.id, further);
    upkeep.onApplicationBootstrap();
    // Either it is done meanwhile, or it waits for us.
    await eventually(
      async () => (await waitingForLocks()) > 0 || !(await decided()).some(({ id }) => id === old.id),
      Boolean,
    );
  });
  expect(await eventually(decided, (left) => left.length < 2)).toEqual([{ id: now.id, sequence: further }]);
  await shutdown.runStage('workers');
  expect(await decided()).toEqual([{ id: now.id, sequence: further }]);
});
