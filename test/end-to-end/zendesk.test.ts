import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { admin, agentsReady, conversationIn, eventually, inbox, isAt, newContact, say, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

const onMessaging = (account = 'messaging') => ({ account, contact: newContact() });
const capacity = async (kind: string): Promise<number> =>
  Number(field(await as('agent-1').get('/inbox/v1/desk'), 'capacity', kind, 'held'));

describe('an agent ends the session', () => {
  test('E1: off until an administrator turns it on', async () => {
    const off = await conversationIn('active', onMessaging('messaging-off'));
    expect(verdict(await send('agent-1', inbox(off, 'end-session')))).toBe('409 FEATURE_DISABLED');
    const on = await conversationIn('active', onMessaging());
    expect(verdict(await send('agent-2', inbox(on, 'end-session')))).toBe('403 FORBIDDEN_SCOPE');
    const answer = await send('agent-1', inbox(on, 'end-session'));
    expect(verdict(answer)).toBe('200 session-ended');
    expect(field(answer.body, 'conversation', 'status')).toBe('wrap-up');
    expect(await log.event(on, 'session-ended')).toMatchObject({ sessionEndReason: 'agent', statusTo: 'wrap-up' });
  });

  test('E3: the session’s end shuts messaging for that interaction', async () => {
    const id = await conversationIn('wrap-up', onMessaging());
    expect(verdict(await send('agent-1', inbox(id, 'messages'), { id: newContact('a'), text: 'Still there?' }))).toBe(
      '409 NOT_ELIGIBLE_STATE',
    );
  });

  test('E5: messaging capacity is freed at once, e-mail capacity is untouched', async () => {
    const id = await conversationIn('active', onMessaging());
    const [messaging, email] = [await capacity('messaging'), await capacity('email')];
    await send('agent-1', inbox(id, 'end-session'));
    expect(await capacity('messaging')).toBe(messaging - 1);
    expect(await capacity('email')).toBe(email);
  });

  test('E10: the next message is a new conversation while the old one is in wrap-up, and the old one’s close comes afterwards', async () => {
    const visitor = onMessaging();
    const old = await conversationIn('wrap-up', visitor);
    const next = await say(visitor, 'Another question');
    expect(next).not.toBe(old);
    expect(await log.event(next, 'started')).toMatchObject({ previousConversationId: old });
    expect(field(await eventually(old, (view) => field(view, 'nextConversationId') === next), 'status')).toBe(
      'wrap-up',
    );
    expect(verdict(await send('agent-1', inbox(old, 'close')))).toBe('200 closed');
    expect(field(await eventually(old, isAt('closed')), 'closing', 'closeKind')).toBe('agent');
    expect(field(await eventually(next, isAt('pending')), 'status')).toBe('pending');
  });

  test('E1: a supervisor has no verb under this policy', async () => {
    const id = await conversationIn('active', onMessaging());
    expect(verdict(await send('manager-1', admin(id, 'close')))).toBe('409 FEATURE_DISABLED');
    expect(verdict(await send('super-administrator-1', admin(id, 'cancel'), { category: 'spam' }))).toBe(
      '409 FEATURE_DISABLED',
    );
  });
});
