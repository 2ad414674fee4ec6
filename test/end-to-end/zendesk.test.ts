import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { admin, agentsReady, conversationIn, eventually, inbox, isAt, newContact, say, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';
import { comes, newTeam, room } from './team.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

const onMessaging = (account = 'messaging') => ({ account, contact: newContact() });

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

  test('E5: messaging capacity is freed at once, e-mail capacity is untouched; a refused end frees nothing', async () => {
    const { id: account, agents } = await newTeam({ policy: 'zendesk-messaging' });
    const [agent, other] = agents;
    await comes(agent, 'picking');
    await room(agent, 1);
    const capacity = async (): Promise<unknown> => field(await as(agent).get('/inbox/v1/desk'), 'capacity');
    const [id, next] = [
      await conversationIn('active', { account, contact: newContact() }, agent),
      await say({ account, contact: newContact() }),
    ];
    const full = { messaging: { held: 1, limit: 1 }, email: { held: 0, limit: 5 } };
    expect(await capacity()).toEqual(full);
    expect(verdict(await send(agent, inbox(next, 'pick')))).toBe('409 CAPACITY_FULL');
    expect(verdict(await send(other, inbox(id, 'end-session')))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send('super-administrator-1', inbox(id, 'end-session')))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await send(agent, inbox(next, 'pick')))).toBe('409 CAPACITY_FULL');
    const answer = await send(agent, inbox(id, 'end-session'));
    expect(verdict(answer)).toBe('200 session-ended');
    expect(field(answer.body, 'effects')).toContainEqual({
      code: 'capacity-freed',
      text: expect.any(String),
      data: { agentId: agent, kind: 'messaging' },
    });
    expect(verdict(await send(agent, inbox(next, 'pick')))).toBe('200 assigned');
    expect(await capacity()).toEqual(full);
    expect(verdict(await send(agent, inbox(id, 'end-session')))).toBe('409 NOT_ELIGIBLE_STATE');
    expect(await capacity()).toEqual(full);
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
    expect(verdict(await send('agent-2', inbox(old, 'close')))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send('manager-1', admin(old, 'close')))).toBe('409 FEATURE_DISABLED');
    expect(verdict(await send('agent-1', inbox(old, 'close')))).toBe('200 closed');
    expect(field(await eventually(old, isAt('closed')), 'closing', 'closeKind')).toBe('agent');
    expect(field(await eventually(next, isAt('pending')), 'status')).toBe('pending');
  });

  test('E10: the old one is closed after its successor has ended, and stays the old one', async () => {
    const visitor = onMessaging();
    const old = await conversationIn('wrap-up', visitor);
    const next = await conversationIn('closed', visitor);
    const third = await say(visitor, 'And a third one');
    expect(new Set([old, next, third]).size).toBe(3);
    const answer = await send('agent-1', inbox(old, 'close'));
    expect(verdict(answer)).toBe('200 closed');
    expect(field(answer.body, 'conversation')).toMatchObject({ conversationId: old, nextConversationId: next });
    expect(await log.event(old, 'closed')).toMatchObject({ statusFrom: 'wrap-up', closeKind: 'agent' });
    expect(await log.event(third, 'started')).toMatchObject({ previousConversationId: next });
    expect(verdict(await send('agent-1', inbox(old, 'return-to-queue')))).toBe('409 STALE_TARGET');
    expect(field(await eventually(third, isAt('pending')), 'sequence')).toBe(2);
  });

  test('E1: a supervisor has no verb under this policy', async () => {
    const id = await conversationIn('active', onMessaging());
    expect(verdict(await send('manager-1', admin(id, 'close')))).toBe('409 FEATURE_DISABLED');
    expect(verdict(await send('super-administrator-1', admin(id, 'cancel'), { category: 'spam' }))).toBe(
      '409 FEATURE_DISABLED',
    );
  });
});
