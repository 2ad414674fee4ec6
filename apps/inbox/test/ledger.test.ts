import { afterAll, describe, expect, test } from '@jest/globals';
import {
  follow,
  giveBack,
  freeBefore,
  grant,
  heldBy,
  markUsed,
  type Wanted,
  withdraw,
} from '../src/capacity/ledger.js';
import { AgentRow } from '../src/capacity/agent.entity.js';
import { foldEvent } from '../src/lifecycle/conversation-fold.js';
import { openInboxDatabase } from './database.js';
import { agent, Lived } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
const online = (id: string, messagingLimit: number): Promise<void> =>
  database.inTenant(tenant, (em) =>
    em.insert(AgentRow, { tenant, id, status: 'online', accepts: 'automatic', messagingLimit, emailLimit: 5 }),
  ) as unknown as Promise<void>;
const held = (agentId: string): Promise<number> => database.inTenant(tenant, (em) => heldBy(em, tenant, agentId));
const wanted = (agentId: string, conversationId: string, requestId: string, episode = 1): Wanted => ({
  ...{ tenant, conversationId, episode, requestId, agentId, request: null, settleAt: null },
});
const take = (want: Wanted) => database.inTenant(tenant, async (em) => (await grant(em, want)).lease);

let threads = 0;
const newThread = (): string => `th_${String(++threads).padStart(22, '0')}`;

describe('the ledger of room', () => {
  test('I9: however many ask at once, never above the limit', async () => {
    await online('anna', 3);
    const leases = await Promise.all(
      Array.from({ length: 12 }, (_, n) => take(wanted('anna', `cnv_${n}`, `cmd:${n}`))),
    );
    expect(leases.filter((lease) => 'granted' in lease)).toHaveLength(3);
    expect(leases.filter((lease) => 'refused' in lease && lease.refused === 'CAPACITY_FULL')).toHaveLength(9);
    expect(await held('anna')).toBe(3);
  });

  test('a repeat keeps its place, another request for the same conversation takes no second one', async () => {
    await online('bert', 1);
    expect(await take(wanted('bert', 'cnv_b', 'cmd:1'))).toEqual({ granted: 'cmd:1' });
    expect(await take(wanted('bert', 'cnv_b', 'cmd:1'))).toEqual({ granted: 'cmd:1' });
    expect(await take(wanted('bert', 'cnv_b', 'cmd:2'))).toEqual({ granted: 'cmd:2' });
    expect(await held('bert')).toBe(1);
  });

  test('what came to nothing is given back; offline agents take nothing', async () => {
    await online('cora', 1);
    await take(wanted('cora', 'cnv_c', 'cmd:1'));
    await database.inTenant(tenant, (em) => giveBack(em, wanted('cora', 'cnv_c', 'cmd:1')));
    expect(await held('cora')).toBe(0);
    expect(await take(wanted('nobody', 'cnv_c', 'cmd:2'))).toEqual({ refused: 'TARGET_UNAVAILABLE' });
  });

  test('who asked and waits no longer gets no place, however late the grant comes; what was over is not revived', async () => {
    await online('cleo', 2);
    const late = wanted('cleo', 'cnv_late', 'cmd:1');
    await database.inTenant(tenant, (em) => withdraw(em, late));
    expect(await take(late)).toEqual({ refused: 'TARGET_UNAVAILABLE' });
    const early = wanted('cleo', 'cnv_late', 'cmd:3');
    expect(await take(early)).toEqual({ granted: 'cmd:3' });
    expect(await held('cleo')).toBe(1);
    await database.inTenant(tenant, (em) => withdraw(em, early));
    expect(await held('cleo')).toBe(0);
    const sent = { ...wanted('cleo', 'cnv_sent', 'cmd:2'), settleAt: new Date() };
    await take(sent);
    await database.inTenant(tenant, (em) => markUsed(em, sent, 5));
    await database.inTenant(tenant, (em) => freeBefore(em, tenant, 'cnv_sent', 'cleo', 7));
    expect(await take(sent)).toEqual({ granted: 'cmd:2' });
    expect(await held('cleo')).toBe(0);
  });

  test('an answer frees what was in use before it, not what was granted since', async () => {
    await online('dora', 5);
    await take(wanted('dora', 'cnv_d', 'cmd:1'));
    await database.inTenant(tenant, (em) => markUsed(em, wanted('dora', 'cnv_d', 'cmd:1'), 3));
    await take(wanted('dora', 'cnv_d', 'cmd:2'));
    await database.inTenant(tenant, (em) => freeBefore(em, tenant, 'cnv_d', 'dora', 5));
    expect(await held('dora')).toBe(1);
  });

  test('the log is the backstop: an end frees all, and its tombstone refuses whatever comes late', async () => {
    await online('emil', 5);
    const lived = new Lived(newThread()).says().assigned('emil', 'cmd:assign');
    await take(wanted('emil', lived.id, 'cmd:assign'));
    lived.does({ type: 'close' }, agent('emil'));
    for (const event of lived.events) {
      await database.inTenant(tenant, async (em) => {
        const folded = await foldEvent(em, event);
        if (folded.kind === 'folded') await follow(em, folded.after, event);
      });
      if (event.type === 'conversation.assigned') expect(await held('emil')).toBe(1);
    }
    expect(await held('emil')).toBe(0);
    expect(await take(wanted('emil', lived.id, 'cmd:late'))).toEqual({ refused: 'TARGET_UNAVAILABLE' });
    expect(await take(wanted('emil', lived.id, 'cmd:next', 2))).toEqual({ granted: 'cmd:next' });
  });
});
