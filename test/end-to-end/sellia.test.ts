import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  admin,
  agentsReady,
  conversationIn,
  eventually,
  heldBy,
  inbox,
  isAt,
  newContact,
  pick,
  say,
  send,
} from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';
import { comes, newTeam, room } from './team.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

const onCampaign = (account = 'campaign-1') => ({ account, contact: newContact() });
const category = { category: 'no-answer' };

describe('an administrator cancels or reassigns', () => {
  test('D2: administrators only inside their campaigns, super-administrators everywhere', async () => {
    const elsewhere = await conversationIn('active', onCampaign('campaign-2'));
    expect(verdict(await send('administrator-1', admin(elsewhere, 'cancel'), category))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send('administrator-2', admin(elsewhere, 'cancel'), category))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send('agent-1', admin(elsewhere, 'cancel'), category))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await send('super-administrator-2', admin(elsewhere, 'cancel'), category))).toBe('200 cancelled');
    const inside = await conversationIn('active', onCampaign());
    expect(verdict(await send('administrator-1', admin(inside, 'cancel'), category))).toBe('200 cancelled');
  });

  test.each([
    ['administrator-1', 'assigned', null],
    ['super-administrator-1', 'active', 'agent-1'],
    ['integration-1', 'active', 'agent-1'],
  ])('D2, D7: %s cancels while %s, at that moment', async (who, status, transactionAgent) => {
    const id = await conversationIn(status, onCampaign());
    const held = await heldBy('agent-1');
    for (const wrong of ['manager-1', 'auditor-1', 'agent-1', 'administrator-2'])
      expect((await send(wrong, admin(id, 'cancel'), category)).status).toBe(403);
    const answer = await send(who, admin(id, 'cancel'), category);
    expect(verdict(answer)).toBe('200 cancelled');
    const role = who.replace(/-\d$/, '');
    const isMachine = role === 'integration';
    const cancelled = await log.event(id, 'cancelled');
    expect(cancelled).toMatchObject({
      statusFrom: status,
      statusTo: 'cancelled',
      closeKind: isMachine ? 'api' : 'supervisor',
      closedBy: { kind: isMachine ? 'integration' : 'supervisor', id: who, role },
      statsAgent: 'agent-1',
      transactionAgent,
      category: 'no-answer',
      subcategory: null,
    });
    expect(cancelled['closedAt']).toBe(cancelled['time']);
    expect(log.life(id).at(-1)).toEqual(cancelled);
    expect(await heldBy('agent-1')).toBe(held - 1);
    const again = await send(who, admin(id, 'cancel'), category);
    expect([verdict(again), field(again.body, 'effects')]).toEqual(['200 already-closed', []]);
    expect(field(again.body, 'sequence')).toBe(cancelled['sequence']);
  });

  test('D5: enabled while the agents are disconnected, to cancel and to reassign', async () => {
    const { id: account, agents } = await newTeam({ policy: 'sellia-campaign' });
    const [laggard, moved] = [
      await say({ account, contact: newContact() }),
      await say({ account, contact: newContact() }),
    ];
    for (const id of [laggard, moved])
      expect(field(await eventually(id, isAt('pending')), 'pendingReason')).toBe('agents-offline');
    expect(verdict(await send('administrator-1', admin(laggard, 'cancel'), category))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send('super-administrator-1', admin(laggard, 'cancel')))).toBe('422 CATEGORY_REQUIRED');
    expect(verdict(await send('super-administrator-1', admin(laggard, 'cancel'), category))).toBe('200 cancelled');
    expect(await log.event(laggard, 'cancelled')).toMatchObject({ statusFrom: 'pending', statsAgent: null });
    const to = { to: agents[0] };
    expect(verdict(await send('integration-1', admin(moved, 'reassign'), to))).toBe('409 TARGET_UNAVAILABLE');
    await as(agents[0]).put('/inbox/v1/agents/me/presence', { status: 'away', accepts: 'picking' });
    expect(verdict(await send('integration-1', admin(moved, 'reassign'), to))).toBe('200 reassigned');
    expect(await log.event(moved, 'reassigned')).toMatchObject({
      statusFrom: 'pending',
      statusTo: 'assigned',
      assignedFrom: null,
      assignedTo: agents[0],
      actor: { kind: 'integration', id: 'integration-1' },
    });
  });

  test('D4: who is offline, elsewhere or full gets nothing, by either route, and the one who has it keeps it', async () => {
    const { id: account, agents } = await newTeam({ policy: 'sellia-campaign' });
    const [from, to] = agents;
    await comes(from, 'picking');
    const id = await conversationIn('active', { account, contact: newContact() }, from);
    const sequence = field(await as(from).get(`/inbox/v1/conversations/${id}`), 'sequence');
    const refused = async (target: string, reason: string): Promise<void> => {
      for (const dryRun of ['', '?dryRun=true']) {
        const answers = [
          await send('super-administrator-1', `${admin(id, 'reassign')}${dryRun}`, { to: target }),
          await send('integration-1', `${inbox(id, 'reassign')}${dryRun}`, { to: target }),
          await send(from, `${inbox(id, 'reassign')}${dryRun}`, { to: target }),
        ];
        expect(answers.map(verdict)).toEqual(answers.map(() => `409 ${reason}`));
        expect(answers.map(({ body }) => field(body, 'currentSequence'))).toEqual(answers.map(() => sequence));
      }
      expect([await heldBy(from), await heldBy(to)]).toEqual([1, 0]);
    };
    await refused(to, 'TARGET_UNAVAILABLE');
    await refused('agent-2', 'TARGET_UNAVAILABLE');
    await comes(to, 'picking');
    await room(to, 0);
    await refused(to, 'CAPACITY_FULL');
    await room(to, 1);
    expect(verdict(await send('administrator-2', admin(id, 'reassign'), { to }))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send(from, inbox(id, 'reassign'), { to }))).toBe('200 reassigned');
    expect(await log.event(id, 'reassigned')).toMatchObject({
      sequence: Number(sequence) + 1,
      assignedFrom: from,
      assignedTo: to,
      actor: { kind: 'agent', id: from },
    });
    expect([await heldBy(from), await heldBy(to)]).toEqual([0, 1]);
  });

  test('D4: one place to hand it to another agent or to finish it', async () => {
    const id = await conversationIn('active', onCampaign());
    const moved = await send('administrator-1', admin(id, 'reassign'), { to: 'agent-2' });
    expect(verdict(moved)).toBe('200 reassigned');
    expect(field(moved.body, 'conversation', 'assignedTo')).toBe('agent-2');
    expect(await log.event(id, 'reassigned')).toMatchObject({
      assignedFrom: 'agent-1',
      assignedTo: 'agent-2',
      statusTo: 'assigned',
    });
    expect(verdict(await send('administrator-1', admin(id, 'reassign'), { to: 'nobody-here' }))).toBe(
      '409 TARGET_UNAVAILABLE',
    );
    expect(verdict(await send('administrator-1', admin(id, 'cancel'), category))).toBe('200 cancelled');
  });

  test.each(['assigned', 'active'])('D5: enabled while %s', async (status) => {
    const id = await conversationIn(status, onCampaign());
    expect(verdict(await send('administrator-1', admin(id, 'cancel'), category))).toBe('200 cancelled');
  });

  test('D5: not from the picking queue', async () => {
    const id = await conversationIn('assigned', onCampaign());
    await as('agent-1').post(inbox(id, 'return-to-queue'), {});
    const answer = await send('administrator-1', admin(id, 'cancel'), category);
    expect(verdict(answer)).toBe('409 NOT_ELIGIBLE_STATE');
    await pick('agent-1', id);
  });

  test('D6: a category is expected, the sub-category is optional and belongs to it, comments are optional', async () => {
    const id = await conversationIn('active', onCampaign());
    expect(verdict(await send('administrator-1', admin(id, 'cancel')))).toBe('422 CATEGORY_REQUIRED');
    expect(verdict(await send('administrator-1', admin(id, 'cancel'), { ...category, subcategory: 'by-phone' }))).toBe(
      '422 SUBCATEGORY_MISMATCH',
    );
    const unknown = await send('administrator-1', admin(id, 'cancel'), { category: 'no-such' });
    expect(unknown.status).toBe(422);
    const answer = await send('administrator-1', admin(id, 'cancel'), {
      category: 'resolved-elsewhere',
      subcategory: 'by-phone',
      comment: 'They rang us.',
    });
    expect(verdict(answer)).toBe('200 cancelled');
    expect(await log.event(id, 'cancelled')).toMatchObject({
      category: 'resolved-elsewhere',
      subcategory: 'by-phone',
      closeKind: 'supervisor',
    });
  });

  test('D7: on confirm it is cancelled at that moment, distinct from closed', async () => {
    const id = await conversationIn('active', onCampaign());
    const answer = await send('administrator-1', admin(id, 'cancel'), category);
    expect(field(answer.body, 'conversation', 'status')).toBe('cancelled');
    expect(field(await eventually(id, isAt('cancelled')), 'status')).toBe('cancelled');
    await log.event(id, 'cancelled');
    expect(log.types(id).filter((type) => type === 'closed')).toEqual([]);
    expect(verdict(await send('administrator-1', admin(id, 'close')))).toBe('200 already-closed');
  });

  test('D8: the customer reactivates it by writing again: same conversation, episode 2, flow from its beginning; nobody else can', async () => {
    const visitor = onCampaign();
    const id = await conversationIn('active', visitor);
    await send('administrator-1', admin(id, 'cancel'), category);
    for (const [who, path] of [
      ['agent-1', inbox(id, 'pick')],
      ['agent-1', inbox(id, 'resume')],
      ['agent-2', inbox(id, 'pick')],
      ['integration-1', inbox(id, 'hand-over')],
      ['administrator-1', admin(id, 'reassign')],
      ['manager-1', admin(id, 'reassign')],
      ['super-administrator-1', admin(id, 'reassign')],
      ['integration-1', admin(id, 'reassign')],
    ] as const) {
      expect(verdict(await send(who, path, path.endsWith('reassign') ? { to: 'agent-2' } : {}))).toBe(
        '409 NOT_ELIGIBLE_STATE',
      );
    }
    expect(await say(visitor, 'Hello again')).toBe(id);
    expect(await log.event(id, 'reactivated')).toMatchObject({ statusFrom: 'cancelled', statusTo: 'bot', episode: 2 });
    const isHandedOver = (found: unknown): boolean =>
      field(found, 'episode') === 2 && field(found, 'status') === 'pending';
    expect(field(await eventually(id, isHandedOver), 'closing')).toBeNull();
  });

  test('D8: after closed it is a new conversation', async () => {
    const visitor = onCampaign();
    const id = await conversationIn('closed', visitor);
    expect(await say(visitor, 'Hello again')).not.toBe(id);
  });
});
