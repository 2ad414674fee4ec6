import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  admin,
  agentsReady,
  conversationIn,
  eventually,
  inbox,
  isAt,
  newContact,
  pick,
  reply,
  say,
  send,
} from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, verdict } from './stack.ts';
import { newTeam, type Team } from './team.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
  await as('manager-1').put('/inbox/v1/agents/expert-1/capacity', { messaging: 500, email: 5 });
  await as('expert-1').put('/inbox/v1/agents/me/presence', { status: 'online', accepts: 'picking' });
});
afterAll(() => log.stop());

let alone: Promise<Team> | undefined;
const onSite = (presence = {}) => ({ account: 'site', contact: newContact(), presence });
const onWhatsapp = () => ({ account: 'whatsapp', contact: newContact() });
const manager = { kind: 'supervisor', id: 'manager-1', role: 'manager' };

describe('an administrator or manager closes', () => {
  test('A1: a close frees the agent at once and leaves nobody waiting for a laggard', async () => {
    const id = await conversationIn('active', onSite());
    const held = async (): Promise<number> =>
      Number(field(await as('agent-1').get('/inbox/v1/desk'), 'capacity', 'messaging', 'held'));
    const before = await held();
    for (const wrong of ['agent-1', 'agent-2', 'auditor-1', 'administrator-1'])
      expect((await send(wrong, admin(id, 'close'))).status).toBe(403);
    expect(await held()).toBe(before);
    expect(idsOf(await as('agent-1').get('/inbox/v1/desk'))).toContain(id);
    const answer = await send('manager-1', admin(id, 'close'));
    expect(verdict(answer)).toBe('200 closed');
    expect(field(answer.body, 'effects')).toContainEqual({
      code: 'capacity-freed',
      text: expect.any(String),
      data: { agentId: 'agent-1', kind: 'messaging' },
    });
    await eventually(id, isAt('closed'));
    await log.event(id, 'closed');
    expect(await heldBecomes(held, before - 1)).toBe(before - 1);
  });

  test('A2: it starts from Live Activity, a list of what is not ended', async () => {
    const visitor = onSite();
    const id = await say(visitor);
    await eventually(id, isAt('pending'));
    const thread = String(field(await as('manager-1').get(`/admin/v1/conversations/${id}`), 'threadId'));
    const list = await as('manager-1').get(`/admin/v1/conversations?thread=${thread}`);
    expect(idsOf(list)).toEqual([id]);
    await send('manager-1', admin(id, 'close'));
    await eventually(id, isAt('closed'));
    expect(idsOf(await as('manager-1').get(`/admin/v1/conversations?thread=${thread}`))).toEqual([]);
    expect(idsOf(await as('manager-1').get(`/admin/v1/conversations?thread=${thread}&status=all`))).toEqual([id]);
  });

  test('A3: managers and administrators may, agents may not by this route', async () => {
    const id = await conversationIn('active', onSite());
    expect(verdict(await send('agent-1', admin(id, 'close')))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await send('auditor-1', admin(id, 'close')))).toBe('403 FORBIDDEN_ROLE');
    expect(verdict(await send('administrator-1', admin(id, 'close')))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await send('administrator-2', admin(id, 'close')))).toBe('200 closed');
    const other = await conversationIn('active', onSite());
    expect(verdict(await send('super-administrator-1', admin(other, 'close')))).toBe('200 closed');
    expect(log.types(id).filter((type) => type === 'closed').length).toBeLessThanOrEqual(1);
  });

  test.each(['pending', 'assigned', 'active'])('A4: eligible while %s', async (status) => {
    const id = await conversationIn(status, onSite());
    expect(verdict(await send('manager-1', admin(id, 'close')))).toBe('200 closed');
    expect(await log.event(id, 'closed')).toMatchObject({
      statusFrom: status,
      statusTo: 'closed',
      closeKind: 'supervisor',
    });
  });

  test('A4: eligible while paused; once ended it answers already closed with the first record', async () => {
    const id = await conversationIn('paused', onWhatsapp());
    const first = await send('manager-1', admin(id, 'close'));
    expect(verdict(first)).toBe('200 closed');
    const again = await send('administrator-2', admin(id, 'close'));
    expect(verdict(again)).toBe('200 already-closed');
    expect(field(again.body, 'conversation', 'closing')).toEqual(field(first.body, 'conversation', 'closing'));
    expect(field(again.body, 'conversation', 'closing', 'closedBy')).toEqual(manager);
  });

  test('A5: a comment can be attached, and supervisors read it back', async () => {
    const id = await conversationIn('active', onSite());
    const answer = await send('manager-1', admin(id, 'close'), { comment: 'Waiting since Tuesday.' });
    expect(verdict(answer)).toBe('200 closed');
    const commentId = field(answer.body, 'conversation', 'closing', 'commentId');
    expect(typeof commentId).toBe('string');
    expect(await log.event(id, 'closed')).toMatchObject({ commentId });
    const wrong = await send('manager-1', admin(id, 'close'), { comment: '   ' });
    expect(wrong.status).toBe(422);
  });

  test('A6: the closer gets the outcome, the conversation and what it set off', async () => {
    const id = await conversationIn('active', onSite({ online: true, authenticated: true }));
    const answer = await send('manager-1', admin(id, 'close'));
    expect(field(answer.body, 'outcome')).toBe('closed');
    expect(field(answer.body, 'conversation', 'status')).toBe('closed');
    expect(answer.headers.get('etag')).toBe(`"${String(field(answer.body, 'sequence'))}"`);
    expect(codes(answer.body)).toEqual(
      expect.arrayContaining(['survey-requested', 'counts-for', 'capacity-freed', 'leaves-panel']),
    );
  });

  test('A7: it leaves the agent’s panel', async () => {
    const id = await conversationIn('active', onSite());
    const onPanel = async (): Promise<boolean> => idsOf(await as('agent-1').get('/inbox/v1/desk')).includes(id);
    expect(await becomes(onPanel, true)).toBe(true);
    await send('manager-1', admin(id, 'close'));
    expect(await becomes(onPanel, false)).toBe(false);
  });

  test.each([
    ['manager-1', 'site', 'pending', null, null],
    ['administrator-2', 'site', 'returned', null, 'agent-1'],
    ['super-administrator-1', 'site', 'assigned', 'agent-1', null],
    ['integration-1', 'site', 'active', 'agent-1', 'agent-1'],
    ['administrator-2', 'whatsapp', 'paused', 'agent-1', 'agent-1'],
    ['integration-1', 'whatsapp', 'paused', 'agent-1', 'agent-1'],
    ['integration-1', 'messaging', 'wrap-up', 'agent-1', 'agent-1'],
  ])('A6, A10–A12: %s closes on %s while %s', async (who, account, status, statsAgent, transactionAgent) => {
    const id = await conversationIn(status, { account, contact: newContact() });
    const answer = await send(who, admin(id, 'close'));
    expect(verdict(answer)).toBe('200 closed');
    const role = who.replace(/-\d$/, '');
    const isMachine = role === 'integration';
    const closedBy = { kind: isMachine ? 'integration' : 'supervisor', id: who, role };
    const frozen = { closeKind: isMachine ? 'api' : 'supervisor', closedBy, statsAgent, transactionAgent };
    const closed = await log.event(id, 'closed');
    expect(closed).toMatchObject({ ...frozen, actor: closedBy, statusTo: 'closed', paymentExpert: null });
    expect(closed['statusFrom']).toBe(status === 'returned' ? 'pending' : status);
    expect(closed['closedAt']).toBe(closed['time']);
    expect(field(answer.body, 'conversation', 'closing')).toMatchObject({ ...frozen, at: closed['closedAt'] });
    expect(field(answer.body, 'effects')).toContainEqual({
      code: 'counts-for',
      text: expect.any(String),
      data: { agentId: statsAgent },
    });
    const again = await send(who, admin(id, 'close'));
    expect([verdict(again), field(again.body, 'effects')]).toEqual(['200 already-closed', []]);
    expect(field(again.body, 'sequence')).toBe(closed['sequence']);
    const inHistory = field(await eventually(id, isAt('closed')), 'closing');
    expect(inHistory).toEqual(field(answer.body, 'conversation', 'closing'));
    expect(idsOf(await as('agent-1').get('/inbox/v1/desk'))).not.toContain(id);
  });

  test.each(['manager-1', 'super-administrator-1', 'integration-1'])(
    'A4, A11: %s closes what waits while no agent is online; it counts for nobody',
    async (who) => {
      const { id: campaign } = await (alone ??= newTeam({ policy: 'iadvize-onsite' }));
      const id = await say({ account: campaign, contact: newContact() });
      expect(field(await eventually(id, isAt('pending')), 'pendingReason')).toBe('agents-offline');
      const answer = await send(who, admin(id, 'close'));
      // Nobody made manager-1 the manager of this team.
      if (who === 'manager-1') return expect(verdict(answer)).toBe('403 FORBIDDEN_SCOPE');
      expect(verdict(answer)).toBe('200 closed');
      expect(await log.event(id, 'closed')).toMatchObject({
        statusFrom: 'pending',
        closedBy: { id: who },
        statsAgent: null,
        transactionAgent: null,
      });
    },
  );

  test('A3: a manager has the teams that are theirs, an administrator the campaigns, to read and to command', async () => {
    const team = await (alone ??= newTeam({ policy: 'iadvize-onsite' }));
    const id = await say({ account: team.id, contact: newContact() });
    await eventually(id, isAt('pending'));
    for (const outsider of ['manager-1', 'administrator-1', 'administrator-2']) {
      expect(verdict(await send(outsider, admin(id, 'close')))).toBe('403 FORBIDDEN_SCOPE');
      expect(verdict(await send(outsider, admin(id, 'reassign'), { to: team.agents[0] }))).toBe('403 FORBIDDEN_SCOPE');
      expect(verdict(await as(outsider).send('GET', `/admin/v1/conversations/${id}`))).toBe('403 FORBIDDEN_SCOPE');
      expect(verdict(await as(outsider).send('GET', `/inbox/v1/conversations/${id}`))).toBe('403 FORBIDDEN_SCOPE');
      expect(idsOf(await as(outsider).get(`/admin/v1/conversations?campaign=${team.id}`))).toEqual([]);
    }
    for (const verb of ['pick', 'pause', 'close'])
      expect(verdict(await send('agent-1', inbox(id, verb)))).toBe('403 FORBIDDEN_SCOPE');
    expect(verdict(await as('agent-1').send('GET', `/inbox/v1/conversations/${id}`))).toBe('403 FORBIDDEN_SCOPE');
    expect(idsOf(await as('super-administrator-1').get(`/admin/v1/conversations?campaign=${team.id}`))).toContain(id);
  });

  test.each([
    ['manager-1', 'manager'],
    ['administrator-2', 'administrator'],
    ['super-administrator-1', 'super-administrator'],
  ])('A8: on a paid campaign the last expert to write is not paid when %s closed', async (who, role) => {
    const id = await say({ ...onSite(), campaign: 'experts' });
    await pick('expert-1', id);
    await reply('expert-1', id);
    const answer = await send(who, admin(id, 'close'));
    expect(verdict(answer)).toBe('200 closed');
    expect(field(answer.body, 'conversation', 'closing', 'paymentExpert')).toBeNull();
    expect(await log.event(id, 'payment-voided')).toMatchObject({ expert: 'expert-1', actor: { id: who, role } });
    expect(codes(answer.body)).toContain('expert-unpaid');
  });

  test('A8: the expert is paid when a program closes; without a word of theirs there is nobody to pay', async () => {
    const [written, silent] = [
      await say({ ...onSite(), campaign: 'experts' }),
      await say({ ...onSite(), campaign: 'experts' }),
    ];
    for (const id of [written, silent]) await pick('expert-1', id);
    await reply('expert-1', written);
    expect(verdict(await send('integration-1', admin(written, 'close')))).toBe('200 closed');
    expect(await log.event(written, 'closed')).toMatchObject({ paymentExpert: 'expert-1', closeKind: 'api' });
    expect(verdict(await send('manager-1', admin(silent, 'close')))).toBe('200 closed');
    expect(await log.event(silent, 'closed')).toMatchObject({ paymentExpert: null, statsAgent: 'expert-1' });
    for (const id of [written, silent]) {
      await log.event(id, 'survey-suppressed');
      expect(log.types(id)).not.toContain('payment-voided');
    }
  });

  test('A8: the expert is paid when they close themselves', async () => {
    const id = await say({ ...onSite(), campaign: 'experts' });
    await pick('expert-1', id);
    await reply('expert-1', id);
    expect(verdict(await send('expert-1', inbox(id, 'close')))).toBe('200 closed');
    expect(await log.event(id, 'closed')).toMatchObject({ paymentExpert: 'expert-1', closeKind: 'agent' });
    await log.event(id, 'survey-suppressed');
    expect(log.types(id)).not.toContain('payment-voided');
  });

  test.each([
    ['a visitor logged in to the site', { online: true, authenticated: true }, 'survey-requested'],
    ['a visitor who is only present', { online: true, authenticated: false }, 'survey-suppressed'],
    ['a visitor of whom nothing was said', {}, 'survey-suppressed'],
  ])('A9: on the own site, for %s', async (_who, presence, decision) => {
    const id = await conversationIn('active', onSite(presence));
    await send('manager-1', admin(id, 'close'));
    await log.event(id, decision);
    expect(log.types(id).filter((type) => type.startsWith('survey-'))).toEqual([decision]);
  });

  test.each([
    ['the agent', 'agent-1', inbox],
    ['an administrator', 'administrator-2', admin],
    ['a program', 'integration-1', admin],
  ])('A9: so it is when %s closes', async (_who, closer, path) => {
    const there = await conversationIn('active', onSite({ online: true, authenticated: true }));
    expect(codes((await send(closer, path(there, 'close'))).body)).toContain('survey-requested');
    const away = await conversationIn('active', onSite({ online: true }));
    expect(codes((await send(closer, path(away, 'close'))).body)).toContain('survey-suppressed');
    expect(await log.event(there, 'survey-requested')).toMatchObject({ statusTo: 'closed', actor: { id: closer } });
    expect(await log.event(away, 'survey-suppressed')).toMatchObject({ suppression: 'visitor-not-authenticated' });
  });

  test('A9: the presence route counts too, and the last word holds; agents and managers have no say', async () => {
    const visitor = onSite();
    const id = await conversationIn('active', visitor);
    const path = `/inbox/v1/channels/site/contacts/${visitor.contact}/presence`;
    const survey = async (): Promise<unknown> =>
      field((await send('manager-1', `${admin(id, 'close')}?dryRun=true`)).body, 'conversation', 'survey');
    const requested = { decision: 'requested', reason: null };
    const suppressed = { decision: 'suppressed', reason: 'visitor-not-authenticated' };
    expect(await survey()).toEqual(suppressed);
    await as('integration-1').put(path, { online: true, authenticated: true });
    expect(await survey()).toEqual(requested);
    for (const wrong of ['agent-1', 'manager-1', 'auditor-1'])
      expect(verdict(await as(wrong).send('PUT', path, { online: false, authenticated: false }))).toBe(
        '403 FORBIDDEN_ROLE',
      );
    expect(await survey()).toEqual(requested);
    await as('integration-1').put(path, { online: true, authenticated: false });
    const answer = await send('manager-1', admin(id, 'close'));
    expect(field(answer.body, 'conversation', 'survey')).toEqual(suppressed);
    expect(await log.event(id, 'survey-suppressed')).toMatchObject({ suppression: 'visitor-not-authenticated' });
    expect(log.types(id)).not.toContain('survey-requested');
  });

  test('A9: on a third-party channel it is always sent', async () => {
    const id = await conversationIn('active', onWhatsapp());
    await send('manager-1', admin(id, 'close'));
    expect(await log.event(id, 'survey-requested')).toMatchObject({ statusTo: 'closed' });
  });

  test('A10: who closed stands in the conversation’s information', async () => {
    const id = await conversationIn('pending', onSite());
    await send('manager-1', admin(id, 'close'));
    expect(field(await eventually(id, isAt('closed')), 'closing', 'closedBy')).toEqual(manager);
    const history = await as('integration-1').get(`/inbox/v1/conversations/${id}`);
    expect(field(history, 'closing', 'closedBy')).toEqual(manager);
  });

  test('A11, A12: it counts for the assignee, the sale for the last who wrote; with nobody assigned for nobody', async () => {
    const id = await conversationIn('active', onWhatsapp(), 'agent-1');
    await as('manager-1').post(admin(id, 'reassign'), { to: 'agent-2' });
    await send('manager-1', admin(id, 'close'));
    expect(await log.event(id, 'closed')).toMatchObject({
      statsAgent: 'agent-2',
      transactionAgent: 'agent-1',
      closedBy: manager,
    });
    const nobody = await conversationIn('pending', onWhatsapp());
    await send('manager-1', admin(nobody, 'close'));
    const closed = await log.event(nobody, 'closed');
    expect(closed).toMatchObject({ statsAgent: null, transactionAgent: null });
    expect(closed['closedAt']).toBe(closed['time']);
  });
});

const codes = (body: unknown): unknown[] => {
  const effects = field(body, 'effects');
  return Array.isArray(effects) ? effects.map((effect) => field(effect, 'code')) : [];
};

const idsOf = (list: unknown): unknown[] => {
  const items = field(list, 'items');
  return Array.isArray(items) ? items.map((item) => field(item, 'conversationId')) : [];
};

/** The last value seen within two seconds: a screen follows the log within 250 ms (X11). */
async function becomes<T>(look: () => Promise<T>, wanted: T): Promise<T> {
  const end = Date.now() + 2000;
  let seen = await look();
  while (seen !== wanted && Date.now() < end) seen = await look();
  return seen;
}
const heldBecomes = becomes<number>;
