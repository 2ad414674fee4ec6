import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import {
  admin,
  agentsReady,
  conversationIn,
  eventually,
  heldBy,
  inbox,
  isAt,
  newContact,
  reply,
  say,
  send,
  writes,
} from './actors.ts';
import { rows } from './database.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

const onSite = () => ({ account: 'site', contact: newContact() });
/** In which conversations the log says a message is, repeats and all. */
const homesOf = (messageId: string): unknown[] =>
  log.records
    .filter(({ value }) => field(value, 'messageId') === messageId)
    .map(({ value }) => field(value, 'conversationId'));

describe('commands fit for machines', () => {
  test('X4: the same command five times at once with one key is one close; with another key it is already closed', async () => {
    const id = await conversationIn('active', onSite());
    const key = randomUUID();
    const close = async (): Promise<string> => {
      const answer = await send('manager-1', admin(id, 'close'), {}, { 'idempotency-key': key });
      if (answer.status === 409) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      return verdict(answer);
    };
    const verdicts = await Promise.all([close(), close(), close(), close(), close()]);
    expect(verdicts).toContain('200 closed');
    // The answer, or that its key is in flight: nothing else.
    expect(new Set([...verdicts, '409 in-progress'])).toEqual(new Set(['200 closed', '409 in-progress']));
    const replay = await send('manager-1', admin(id, 'close'), {}, { 'idempotency-key': key });
    expect(verdict(replay)).toBe('200 closed');
    expect(replay.headers.get('idempotent-replayed')).toBe('true');
    expect(verdict(await send('manager-1', admin(id, 'close'), {}, { 'idempotency-key': randomUUID() }))).toBe(
      '200 already-closed',
    );
    await log.event(id, 'survey-suppressed');
    expect(log.types(id).filter((type) => type === 'closed')).toEqual(['closed']);
  });

  test('X4: the same key with another body is 422', async () => {
    const id = await conversationIn('active', onSite());
    const key = { 'idempotency-key': randomUUID() };
    await send('manager-1', admin(id, 'close'), { comment: 'one' }, key);
    expect((await send('manager-1', admin(id, 'close'), { comment: 'two' }, key)).status).toBe(422);
  });

  test('X4: a stale If-Match changes nothing and says where it stands', async () => {
    const id = await conversationIn('active', onSite());
    const now = Number(field(await as('agent-1').get(`/inbox/v1/conversations/${id}`), 'sequence'));
    const stale = await send('manager-1', admin(id, 'close'), {}, { 'if-match': `"${now - 1}"` });
    expect(verdict(stale)).toBe('412 STALE_VERSION');
    expect(field(stale.body, 'currentSequence')).toBe(now);
    expect(verdict(await send('manager-1', admin(id, 'close'), { ifMessageCount: 99 }))).toBe('412 STALE_VERSION');
    expect(
      verdict(await send('manager-1', admin(id, 'close'), { ifMessageCount: 2 }, { 'if-match': `"${now}"` })),
    ).toBe('200 closed');
  });

  test('X4: a dry run says what would happen and changes nothing', async () => {
    const id = await conversationIn('active', onSite());
    const dry = await send('manager-1', `${admin(id, 'close')}?dryRun=true`);
    expect(verdict(dry)).toBe('200 closed');
    expect(field(dry.body, 'dryRun')).toBe(true);
    expect(verdict(await send('agent-1', `${inbox(id, 'end-session')}?dryRun=true`))).toBe('409 FEATURE_DISABLED');
    const view = await as('agent-1').get(`/inbox/v1/conversations/${id}`);
    expect(field(view, 'status')).toBe('active');
    const wet = await send('manager-1', admin(id, 'close'));
    expect(field(wet.body, 'effects')).toEqual(field(dry.body, 'effects'));
    expect(field(wet.body, 'sequence')).toBe(field(dry.body, 'sequence'));
  });

  test('X4: no dry run, refused or not, leaves an audit record, an event or a lease', async () => {
    const id = await conversationIn('active', onSite());
    const held = await heldBy('agent-1');
    const before = await as('agent-1').get(`/inbox/v1/conversations/${id}`);
    const dry = async (who: string, path: string, body: object = {}): Promise<string> =>
      verdict(await send(who, `${path}?dryRun=true`, body));
    const word = { id: newContact('a'), text: 'Rehearsed.' };
    expect(await dry('manager-1', admin(id, 'close'), { comment: 'Rehearsed.' })).toBe('200 closed');
    expect(await dry('manager-1', admin(id, 'reassign'), { to: 'agent-2' })).toBe('200 reassigned');
    expect(await dry('agent-1', inbox(id, 'reassign'), { to: 'agent-2' })).toBe('200 reassigned');
    expect(await dry('agent-1', inbox(id, 'return-to-queue'))).toBe('200 returned');
    expect(await dry('agent-1', inbox(id, 'qualify'), { tags: ['Rehearsed only'] })).toBe('200 qualified');
    expect(await dry('agent-1', inbox(id, 'notes'), { text: 'Rehearsed.' })).toBe('200 note-added');
    expect(await dry('agent-1', inbox(id, 'close'), { note: 'Rehearsed.' })).toBe('200 closed');
    expect(await dry('agent-1', inbox(id, 'messages'), word)).toBe('200 message-sent');
    expect(await dry('agent-2', inbox(id, 'messages'), word)).toBe('403 FORBIDDEN_SCOPE');
    expect(await dry('agent-2', inbox(id, 'pick'))).toBe('409 NOT_ELIGIBLE_STATE');
    expect(await dry('agent-1', inbox(id, 'resume'))).toBe('409 NOT_ELIGIBLE_STATE');
    expect(await dry('integration-1', inbox(id, 'hand-over'))).toBe('409 NOT_ELIGIBLE_STATE');
    expect(await dry('agent-1', inbox(id, 'pause'))).toBe('409 FEATURE_DISABLED');
    expect(await dry('agent-1', inbox(id, 'end-session'))).toBe('409 FEATURE_DISABLED');
    expect(await dry('super-administrator-1', admin(id, 'cancel'), { category: 'spam' })).toBe('409 FEATURE_DISABLED');
    expect(await dry('agent-1', admin(id, 'close'))).toBe('403 FORBIDDEN_ROLE');
    // Audit records come in the order of the refusals: with this one, all before it would be there.
    expect(verdict(await send('agent-2', inbox(id, 'close')))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send('agent-2', admin(id, 'close')))).toBe('403 FORBIDDEN_ROLE');
    const audit = `/admin/v1/audit?conversationId=${id}`;
    const records = await until('both refusals in the audit', async () => {
      const items = field(await as('super-administrator-1').get(audit), 'items');
      return Array.isArray(items) && items.length >= 2 ? items : undefined;
    });
    expect(records.map((record) => field(record, 'reason')).sort()).toEqual(['FORBIDDEN_ROLE', 'FORBIDDEN_SCOPE']);
    expect(await as('agent-1').get(`/inbox/v1/conversations/${id}`)).toEqual(before);
    expect(field(await as('agent-1').get(inbox(id, 'notes')), 'items')).toEqual([]);
    expect(field(await as('manager-1').get(admin(id, 'comments')), 'items')).toEqual([]);
    expect((await as('manager-1').send('GET', '/admin/v1/tags/rehearsed-only')).status).toBe(404);
    expect(await heldBy('agent-1')).toBe(held);
    await send('agent-1', inbox(id, 'close'));
    await log.event(id, 'closed');
    expect(log.types(id).slice(0, 5)).toEqual(['started', 'queued', 'assigned', 'activated', 'closed']);
  });

  test('X4: a command on an ended conversation whose successor is open leaves the successor alone', async () => {
    const visitor = onSite();
    const first = await conversationIn('closed', visitor);
    const second = await say(visitor, 'And another thing');
    expect(verdict(await send('agent-1', inbox(first, 'return-to-queue')))).toBe('409 STALE_TARGET');
    expect(verdict(await send('manager-1', admin(first, 'reassign'), { to: 'agent-2' }))).toBe('409 STALE_TARGET');
    expect(verdict(await send('manager-1', admin(first, 'close')))).toBe('200 already-closed');
    expect(field(await eventually(second, isAt('pending')), 'sequence')).toBe(2);
  });

  test('X1: the same message again, after its conversation ended and another began, finds no second home', async () => {
    const visitor = onSite();
    const id = `m-${randomUUID()}`;
    const said = await writes(visitor, 'Only once', id);
    const first = String(await conversationOf(visitor, said.messageId));
    await send('manager-1', admin(first, 'close'));
    const second = await say(visitor, 'Next');
    expect(second).not.toBe(first);
    const comesAgain = async (): Promise<void> => {
      expect((await writes(visitor, 'Only once', id)).messageId).toBe(said.messageId);
      expect(await conversationOf(visitor, said.messageId)).toBe(first);
      // A thread's messages are published in order: whatever became of the repeat is in the log before this one.
      const { messageId: later } = await writes(visitor, 'Later');
      await until('the later one in the log', async () => homesOf(later)[0]);
      expect(homesOf(said.messageId)).toEqual([first]);
    };
    await comesAgain();
    await send('manager-1', admin(second, 'close'));
    await until('the run to be over', async () => {
      const of = [said.threadId, second];
      const found = await rows(
        'select 1 from inbox.archived_conversation where thread_id = $1 and conversation_id = $2',
        of,
      );
      return found[0];
    });
    await comesAgain();
  });

  test('X6: the state at any sequence is what was captured live; the timeline tells it in order', async () => {
    const id = await say(onSite());
    const captured: [unknown, unknown][] = [];
    const capture = (answer: { body: unknown }): number =>
      captured.push([field(answer.body, 'sequence'), field(answer.body, 'conversation', 'status')]);
    capture(await send('agent-1', inbox(id, 'pick')));
    await reply('agent-1', id);
    capture(await send('agent-1', inbox(id, 'return-to-queue')));
    capture(await send('agent-2', inbox(id, 'pick')));
    capture(await send('manager-1', admin(id, 'close')));
    await eventually(id, isAt('closed'));
    for (const [sequence, status] of captured.slice(0, 3)) {
      const then = await as('manager-1').get(`/admin/v1/conversations/${id}?at=${String(sequence)}`);
      expect([field(then, 'sequence'), field(then, 'status')]).toEqual([sequence, status]);
    }
    const items = field(await as('manager-1').get(`/admin/v1/conversations/${id}/timeline?limit=200`), 'items');
    expect(Array.isArray(items) ? items.length : 0).toBeGreaterThanOrEqual(log.life(id).length);
  });
});

async function conversationOf(visitor: { account: string }, messageId: string): Promise<unknown> {
  return field(
    await as('integration-1').get(`/inbox/v1/channels/${visitor.account}/messages/${messageId}?waitMs=5000`),
    'conversationId',
  );
}
