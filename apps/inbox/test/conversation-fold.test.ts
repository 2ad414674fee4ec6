import { afterAll, describe, expect, test } from '@jest/globals';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import { foldLogs } from '@parley/domain/fold';
import { foldEvent, foldMessage } from '../src/lifecycle/conversation-fold.js';
import { ConversationRow } from '../src/lifecycle/conversation.entity.js';
import { openInboxDatabase } from './database.js';
import { agent, keepPlaced, Lived } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

let threads = 0;
const newThread = (): string => `th_${String(++threads).padStart(22, '0')}`;
const told = (event: LifecycleEvent) => database.inTenant('demo', async (em) => (await foldEvent(em, event)).kind);
const placed = (said: MessageEvent) =>
  database.inTenant('demo', async (em) => {
    await keepPlaced(em, said);
    await foldMessage(em, said);
  });
const row = (id: string) =>
  database.inTenant('demo', (em) => em.findOne(ConversationRow, { tenant: 'demo', id }, { disableIdentityMap: true }));

const lively = (thread = newThread()): Lived =>
  new Lived(thread).says().says().assigned().answers().says().does({ type: 'pause' }, agent('agent-1')).says();

describe('a conversation is folded from its log and from our own messages', () => {
  test('whichever comes first, and however often: the domain’s own fold', async () => {
    const lived = lively();
    for (const said of lived.messages) await placed(said);
    for (const event of [...lived.events, ...lived.events]) await told(event);
    const late = lively();
    for (const event of late.events) await told(event);
    for (const said of late.messages) await placed(said);
    for (const one of [lived, late]) {
      expect((await row(one.id))?.state).toEqual(foldLogs(one.events, one.messages));
    }
  });

  test('both at once: nothing falls between', async () => {
    const lived = lively();
    const inOrder = (async (): Promise<void> => {
      for (const event of lived.events) await told(event);
    })();
    await Promise.all([inOrder, ...lived.messages.map((said) => placed(said))]);
    expect((await row(lived.id))?.state).toEqual(lived.state);
  });

  test('a missing event lets the conversation stand still; when it comes, all of it counts', async () => {
    const lived = lively();
    const [first, missing, ...later] = lived.events;
    if (!first || !missing) throw new Error('too short a life');
    for (const said of lived.messages) await placed(said);
    expect(await told(first)).toBe('folded');
    for (const event of later) expect(await told(event)).toBe('gap');
    expect((await row(lived.id))?.sequence).toBe(1);
    expect(await told(missing)).toBe('folded');
    expect((await row(lived.id))?.state).toEqual(lived.state);
  });

  test('F21: what only a newer deployment knows takes its place in the life, and what follows is folded', async () => {
    const lived = new Lived(newThread()).says().newer().says().assigned().newer();
    const [first, newer, ...rest] = lived.events;
    if (!first || !newer) throw new Error('too short a life');
    for (const said of lived.messages) await placed(said);
    for (const event of [first, newer, newer, ...rest]) await told(event);
    expect(await row(lived.id)).toMatchObject({
      sequence: lived.events.length,
      groupId: 'support',
      state: lived.state,
    });
    const waited = new Lived(newThread()).says().newer().assigned().newer();
    for (const event of waited.events.toReversed()) await told(event);
    for (const said of waited.messages) await placed(said);
    expect((await row(waited.id))?.state).toEqual(waited.state);
  });

  test('a conversation waits since it began to, whatever of a newer type comes meanwhile', async () => {
    const lived = new Lived(newThread()).says();
    const queued = lived.events.at(-1);
    for (const event of lived.events) await told(event);
    for (const event of lived.newer().events) await told(event);
    expect((await row(lived.id))?.sequence).toBe(lived.events.length);
    expect((await row(lived.id))?.pendingSince).toEqual(new Date(queued?.time ?? ''));
  });

  test('B11: the next conversation of the thread is linked both ways', async () => {
    const first = new Lived(newThread()).says().assigned().does({ type: 'close' }, agent('agent-1'));
    const second = new Lived(first.thread, 2, first.id).says();
    for (const event of [...first.events, ...second.events]) await told(event);
    expect((await row(first.id))?.state.nextConversationId).toBe(second.id);
    expect((await row(second.id))?.state.previousConversationId).toBe(first.id);
  });
});
