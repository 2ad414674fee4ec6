import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import { order, ready } from '../faults/control.ts';
import { admin, inbox, newContact, pick, reply, say, send } from './actors.ts';
import { rows } from './database.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';
import { comes, givenTo, goes, newTeam, room, type Team, waits } from './team.ts';

const log = new LogFollower();
beforeAll(() => void log.start());
afterAll(() => log.stop());

const arrives = ({ id }: Team): Promise<string> => say({ account: id, contact: newContact() });
const head = 'super-administrator-1';
const endsOf = (id: string): Promise<unknown> => as(head).post(admin(id, 'close'), {});

/** Who was given this conversation and why, each time, as the log says. */
const given = (id: string): unknown[][] =>
  log
    .life(id)
    .filter(({ type }) => type === 'conversation.assigned')
    .map(({ assignedTo, reason }) => [assignedTo, reason]);

describe('the router', () => {
  test('nobody of the group online: agents-offline; then the longest-waiting first, each to a free place', async () => {
    const team = await newTeam();
    const [ana] = team.agents;
    const waiting = [await arrives(team), await arrives(team), await arrives(team)];
    for (const id of waiting) await waits(id, 'agents-offline');
    await room(ana, 1);
    await comes(ana, 'automatic');
    const [first = '', second = '', third = ''] = waiting;
    expect(await givenTo(first)).toBe(ana);
    for (const id of [second, third]) await waits(id, 'in-queue');
    await endsOf(first);
    expect(await givenTo(second)).toBe(ana);
    await waits(third, 'in-queue');
    await room(ana, 2);
    expect(await givenTo(third)).toBe(ana);
    for (const id of waiting) {
      await log.event(id, 'assigned');
      expect(given(id)).toEqual([[ana, 'routed']]);
    }
    const assignedAt = waiting.map((id) => String(log.life(id).find(({ reason }) => reason === 'routed')?.['time']));
    expect(assignedAt).toEqual(assignedAt.toSorted());
  });

  test('only to who accepts automatic; picking counts as being there: in-queue', async () => {
    const team = await newTeam();
    const [ana, ben] = team.agents;
    await comes(ana, 'picking');
    const id = await arrives(team);
    await waits(id, 'in-queue');
    await comes(ben, 'automatic');
    expect(await givenTo(id)).toBe(ben);
  });

  test('only to the group that serves it, however free another one is', async () => {
    const [team, other] = [await newTeam(), await newTeam()];
    await comes(other.agents[0], 'automatic');
    const id = await arrives(team);
    await waits(id, 'agents-offline');
    await comes(team.agents[1], 'automatic');
    expect(await givenTo(id)).toBe(team.agents[1]);
  });

  test('among equals by id, then to who has waited longest since the last assignment; all full: in-queue', async () => {
    const team = await newTeam();
    const [ana, ben] = team.agents;
    for (const agent of [ben, ana]) {
      await room(agent, 2);
      await comes(agent, 'automatic');
    }
    const taken: string[] = [];
    for (let n = 0; n < 4; n += 1) taken.push(await givenTo(await arrives(team)));
    expect(taken).toEqual([ana, ben, ana, ben]);
    const fifth = await arrives(team);
    await waits(fifth, 'in-queue');
    expect(verdict(await send(ana, inbox(fifth, 'pick')))).toBe('409 CAPACITY_FULL');
  });

  test('to who has most room, not to who has fewest', async () => {
    const team = await newTeam();
    const [ana, ben] = team.agents;
    await room(ana, 5);
    await room(ben, 2);
    for (const agent of team.agents) await comes(agent, 'picking');
    for (const agent of [ana, ana, ben]) await pick(agent, await arrives(team));
    for (const agent of [ben, ana]) await comes(agent, 'automatic');
    // Ana has 3 of 5 free and was given two, Ben 1 of 2 and one, the last of all.
    expect(await givenTo(await arrives(team))).toBe(ana);
  });

  test('a place that a close frees is given on at once; one that was returned goes to somebody else', async () => {
    const team = await newTeam();
    const [ana, ben] = team.agents;
    await room(ana, 1);
    await comes(ana, 'automatic');
    const first = await arrives(team);
    expect(await givenTo(first)).toBe(ana);
    await as(ana).post(inbox(first, 'return-to-queue'), {});
    const second = await arrives(team);
    expect(await givenTo(second)).toBe(ana);
    await waits(first, 'returned');
    await comes(ben, 'automatic');
    expect(await givenTo(first)).toBe(ben);
  });
});

describe('a target that somebody names', () => {
  test('offline, or outside the group: TARGET_UNAVAILABLE; full: CAPACITY_FULL; nothing changes', async () => {
    const [team, other] = [await newTeam(), await newTeam()];
    const [ana, ben] = team.agents;
    await room(ana, 5);
    await room(ben, 1);
    await comes(ana, 'picking');
    const id = await arrives(team);
    await pick(ana, id);
    await reply(ana, id);
    const to = async (target: string): Promise<string> =>
      verdict(await send(head, admin(id, 'reassign'), { to: target }));
    const byAgent = async (target: string): Promise<string> =>
      verdict(await send(ana, inbox(id, 'reassign'), { to: target }));
    expect([await to(ben), await byAgent(ben)]).toEqual(['409 TARGET_UNAVAILABLE', '409 TARGET_UNAVAILABLE']);
    await comes(other.agents[0], 'picking');
    expect(await to(other.agents[0])).toBe('409 TARGET_UNAVAILABLE');
    await comes(ben, 'picking');
    await pick(ben, await arrives(team));
    expect([await to(ben), await byAgent(ben)]).toEqual(['409 CAPACITY_FULL', '409 CAPACITY_FULL']);
    const view = await as(ana).get(`/inbox/v1/conversations/${id}`);
    expect([field(view, 'assignedTo'), field(view, 'status')]).toEqual([ana, 'active']);
    expect(log.types(id)).not.toContain('reassigned');
    await room(ben, 2);
    expect(await to(ben)).toBe('200 reassigned');
  });

  test('who goes offline keeps what is on the panel and is given no more', async () => {
    const team = await newTeam();
    const [ana] = team.agents;
    await comes(ana, 'automatic');
    const held = await arrives(team);
    expect(await givenTo(held)).toBe(ana);
    await goes(ana);
    await waits(await arrives(team), 'agents-offline');
    expect(field(await as(ana).get(`/inbox/v1/conversations/${held}`), 'assignedTo')).toBe(ana);
  });
});

describe('whose turn it is among replicas', () => {
  const HOLD_MS = 20_000;
  const SWEEP_MS = 5_000;
  const turn = async (): Promise<{ owner: unknown; heldUntil: number; seenAt: number } | undefined> => {
    const [row] = await rows(`select owner, held_until from inbox.turn where tenant = 'demo' and name = 'router'`);
    return row && { owner: row['owner'], heldUntil: (row['held_until'] as Date).getTime(), seenAt: Date.now() };
  };

  /** Freezes inbox while its router is in the middle of a round; undefined: it was done already. */
  async function caughtInItsTurn(): Promise<Awaited<ReturnType<typeof turn>>> {
    await until('a turn to be taken', turn, 10_000);
    await order('inbox', 'freeze');
    const caught = await turn();
    if (caught === undefined) await order('inbox', 'thaw');
    return caught;
  }

  test('a replica killed in its turn does not stop routing for longer than its hold', async () => {
    const team = await newTeam();
    const [ana] = team.agents;
    await room(ana, 500);
    const waiting: string[] = [];
    const caught = await until('a router caught in its turn', async () => {
      await goes(ana);
      const some = await Promise.all(Array.from({ length: 12 }, () => arrives(team)));
      waiting.push(...some);
      for (const id of some) await waits(id, 'agents-offline');
      await comes(ana, 'automatic');
      return caughtInItsTurn();
    });
    await order('inbox', 'kill');
    expect((await turn())?.owner).toBe(caught.owner);
    await ready('inbox');
    const mayRouteFrom = Math.max(caught.heldUntil, Date.now());
    const routesAt = await Promise.race(waiting.map(async (id) => givenTo(id).then(() => Date.now())));
    for (const id of waiting) expect(await givenTo(id)).toBe(ana);
    expect(caught.heldUntil - caught.seenAt).toBeLessThanOrEqual(HOLD_MS);
    expect(routesAt).toBeLessThan(mayRouteFrom + SWEEP_MS);
    for (const id of waiting) {
      await log.event(id, 'assigned');
      expect(given(id)).toEqual([[ana, 'routed']]);
    }
  }, 180_000);
});
