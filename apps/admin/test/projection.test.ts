import { afterAll, describe, expect, test } from '@jest/globals';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import { TOPICS } from '@parley/contracts/envelope';
import { foldLogs } from '@parley/domain/fold';
import { lifecycleRecord } from '@parley/lifecycle-log/lifecycle-record';
import { Metrics } from '@parley/service/metrics';
import { viewOf } from '@parley/domain/view';
import type { ServiceLog } from '@parley/service/tokens';
import { ConversationRow } from '../src/lifecycle/conversation.entity.js';
import { LogConsumer } from '../src/lifecycle/log.consumer.js';
import { LifecycleProjector } from '../src/lifecycle/lifecycle.projector.js';
import { StateEcho } from '../src/lifecycle/state.echo.js';
import { openAdminDatabase, outboxOf } from './database.js';
import { Lived, supervisor } from './lived.js';

const admin = await openAdminDatabase();
const { database } = admin;
const projector = new LifecycleProjector(database, 'http://localhost:4000');
afterAll(() => admin.close());

let threads = 0;
/** Of a thread that no other test has. */
const life = (change: { ordinal?: number; previousConversationId?: string } = {}) =>
  new Lived('iadvize-social', { thread: `th_${String(++threads).padStart(22, '0')}`, ...change });
const row = (id: string, tenant = 'demo') =>
  database.inTenant(tenant, (em) => em.findOne(ConversationRow, { id }, { disableIdentityMap: true }));
const silent = { error: () => undefined } as unknown as ServiceLog;
const tell = async (...told: (LifecycleEvent | MessageEvent)[]): Promise<string[]> => {
  const outcomes: string[] = [];
  for (const each of told) outcomes.push(await projector.project(each));
  return outcomes;
};

describe('the projector on a real database', () => {
  test('X3: each record counts once, however often it comes', async () => {
    const lived = life().says().assigned().answers();
    const all = [...lived.events, ...lived.messages];
    await tell(...all);
    expect(await tell(...all)).toEqual(all.map(() => 'repeat'));
    expect((await row(lived.id))?.state).toEqual(lived.state);
  });

  test('both logs at once, twice, by several handlers: one fold', async () => {
    const lived = life().says().says().assigned().answers().says().answers();
    const all = [...lived.messages.toReversed(), ...lived.events, ...lived.events, ...lived.messages];
    await Promise.all(all.map((each) => projector.project(each)));
    const stored = await row(lived.id);
    expect(stored?.state).toEqual(foldLogs(lived.events, lived.messages));
    expect(stored?.gapAt).toBeNull();
  });

  test('a gap parks the conversation; the missing event frees it', async () => {
    const lived = life().says().assigned().answers();
    const [first, second, ...rest] = lived.events;
    if (!first || !second) throw new Error('too short a life');
    expect(await tell(first, ...rest)).toEqual(['folded', ...rest.map(() => 'gap')]);
    expect(await row(lived.id)).toMatchObject({ last: 1, gapAt: 3, status: 'bot' });
    expect(await tell(second, ...lived.messages)).toEqual(['folded', ...lived.messages.map(() => 'folded')]);
    expect(await row(lived.id)).toMatchObject({ last: lived.events.length, gapAt: null, state: lived.state });
  });

  test('F21: what only a newer deployment knows takes its place in the life, and what follows is folded', async () => {
    const metrics = new Metrics('admin');
    const folds = { projector } as unknown as ConstructorParameters<typeof LogConsumer>[0];
    const consumer = new LogConsumer(folds, silent, metrics);
    const lived = life().says().newer().assigned().answers();
    for (const { isOfNewerType: _, ...event } of lived.events as (LifecycleEvent & { isOfNewerType?: true })[]) {
      const { key, value, headers } = lifecycleRecord(event, lived.now, 'http://localhost:4000');
      const where = { topic: TOPICS.lifecycle, partition: 0, offset: '0', timestamp: '0' };
      await consumer.handle({ ...where, key, value, headers });
    }
    await tell(...lived.messages);
    expect(await row(lived.id)).toMatchObject({ last: lived.events.length, gapAt: null, state: lived.state });
    expect(await metrics.registry.metrics()).toContain('outcome="unknown-type",service="admin"} 1');
    const [late] = lived.messages;
    await database.inTenant('demo', (em) =>
      em.execute("delete from message_event where body->>'messageId' = ? and conversation_id = ?", [
        late?.messageId,
        lived.id,
      ]),
    );
    expect(await tell(...lived.messages)).toEqual(['folded', 'repeat']);
    expect((await row(lived.id))?.state).toEqual(lived.state);
  });

  test('a message ahead of its life waits, and nothing of it is shown', async () => {
    const lived = life().says();
    expect(await tell(...lived.messages)).toEqual(['waits']);
    expect(await row(lived.id)).toMatchObject({ last: 0, status: null, state: null });
    await tell(...lived.events);
    expect((await row(lived.id))?.state).toEqual(lived.state);
  });

  test('the predecessor learns of its successor, and keeps it when it is folded again', async () => {
    const old = life().says().assigned().says().does({ type: 'close' }, supervisor('manager', 'team:support'));
    const [late, ...others] = old.messages.toReversed();
    if (!late) throw new Error('nothing was said');
    await tell(...old.events, ...others.reverse());
    const next = life({ ordinal: 2, previousConversationId: old.id }).says();
    await tell(...next.events);
    expect((await row(old.id))?.state?.nextConversationId).toBe(next.id);
    // Placed before the close, published after it: all of it is folded again.
    await tell(late);
    expect((await row(old.id))?.state).toEqual({ ...old.state, nextConversationId: next.id });
  });

  test('another tenant sees none of it', async () => {
    const lived = life().says();
    await tell(...lived.events);
    expect(await row(lived.id, 'other')).toBeNull();
  });
});

describe('the newest state on the compacted topic', () => {
  test('one record a change, the newest last, without commands', async () => {
    const lived = life().says().assigned();
    await tell(...lived.events, ...lived.messages);
    const written = (await outboxOf(database, TOPICS.state)).filter(({ key }) => key === lived.id);
    const newest = written.at(-1)?.value;
    expect(written.map(({ value }) => value['sequence'])).toEqual([1, 2, 3, 3]);
    expect(newest).toMatchObject({
      type: 'conversation.state',
      status: 'assigned',
      messageCounts: { visitor: 1, agent: 0 },
      availableCommands: null,
    });
  });

  test('an older state over a newer one is written over again; the ordinary echo is not', async () => {
    const echo = new StateEcho(database, projector);
    const lived = life().says();
    const older = lived.state;
    lived.assigned();
    await tell(...lived.events, ...lived.messages);
    if (!older || !lived.state) throw new Error('nothing has begun');
    const heard = [older, lived.state, older].map(viewOf);
    const before = (await outboxOf(database, TOPICS.state)).length;
    const outcomes: string[] = [];
    for (const view of heard) outcomes.push(await echo.hear(view, lived.now));
    expect(outcomes).toEqual(['newest', 'newest', 'rewritten']);
    const added = (await outboxOf(database, TOPICS.state)).slice(before);
    expect(added.map(({ key, value }) => [key, value['sequence']])).toEqual([[lived.id, 3]]);
  });
});
