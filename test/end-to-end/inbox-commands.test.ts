import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../deploy/local/demo/play.ts';
import { agentsReady, conversationIn, inbox, newContact, reply, say, send } from './actors.ts';
import { LogFollower } from './log.ts';
import { as, field, gateway, verdict } from './stack.ts';

const log = new LogFollower();
beforeAll(async () => {
  log.start();
  await agentsReady('agent-1', 'agent-2');
});
afterAll(() => log.stop());

const onSite = () => ({ account: 'site', contact: newContact() });
const view = (id: string): Promise<unknown> => as('agent-1').get(`/inbox/v1/conversations/${id}`);
const items = (answer: unknown): unknown[] => {
  const list = field(answer, 'items');
  return Array.isArray(list) ? list : [];
};

describe('the order of refusals at the agent’s close', () => {
  const more = [{ transcript: { to: 'a@example.com' } }, { exportToZendesk: true }, { rating: { exchange: 5 } }];

  test.each(more)('B7: %j is not there yet, and says so in its place', async (body) => {
    const id = await conversationIn('active', onSite());
    const sequence = Number(field(await view(id), 'sequence'));
    const close = (headers = {}, query = '') =>
      send('agent-1', inbox(id, 'close') + query, body, headers).then(verdict);
    expect(await close()).toBe('409 FEATURE_DISABLED');
    expect(await close({}, '?dryRun=true')).toBe('409 FEATURE_DISABLED');
    expect(await close({ 'if-match': `"${sequence - 1}"` })).toBe('412 STALE_VERSION');
    expect(field(await view(id), 'sequence')).toBe(sequence);
    expect(verdict(await send('agent-1', inbox(id, 'close')))).toBe('200 closed');
    expect(await close()).toBe('200 already-closed');
    expect(await close({}, '?dryRun=true')).toBe('200 already-closed');
  });
});

test('B9: after the conversation has left its run tags and notes are 409, and its life stays as it is', async () => {
  const id = await conversationIn('closed', onSite());
  const qualify = (query = '', body: unknown = { tags: ['refund'] }) =>
    send('agent-1', inbox(id, 'qualify') + query, body).then(verdict);
  await until(
    'the run to end',
    async () => ((await qualify('?dryRun=true')).startsWith('409') ? true : undefined),
    60_000,
  );
  const before = log.types(id);
  expect(await qualify()).toBe('409 NOT_ELIGIBLE_STATE');
  expect(verdict(await send('agent-1', inbox(id, 'notes'), { text: 'Too late' }))).toBe('409 NOT_ELIGIBLE_STATE');
  expect(verdict(await send('agent-1', inbox(id, 'close')))).toBe('200 already-closed');
  expect(items(await as('agent-1').get(inbox(id, 'notes')))).toEqual([]);
  const later = await conversationIn('closed', onSite());
  await log.event(later, 'survey-suppressed');
  expect(log.types(id)).toEqual(before);
  expect(field(await view(id), 'sequence')).toBe(before.length);
}, 120_000);

describe('an agent’s message', () => {
  const write = (id: string, body: object, headers = {}) =>
    send('agent-1', inbox(id, 'messages'), { text: 'Let me look.', ...body }, headers);

  test('X4: a stale guard refuses it, the draft is kept and may be sent under the same id', async () => {
    const id = await conversationIn('active', onSite());
    const draft = `a-${randomUUID()}`;
    const stale = await write(id, { id: draft, ifMessageCount: 1 });
    expect([verdict(stale), typeof field(stale.body, 'currentSequence')]).toEqual(['412 STALE_VERSION', 'number']);
    expect(verdict(await write(id, { id: draft }, { 'if-match': '"1"' }))).toBe('412 STALE_VERSION');
    expect(verdict(await write(id, { id: draft, episode: 2 }))).toBe('409 STALE_TARGET');
    expect(verdict(await write(id, { id: draft, ifMessageCount: 2 }))).toBe('200 message-sent');
    expect(verdict(await write(id, { id: draft, ifMessageCount: 2 }))).toBe('200 message-sent');
    expect(items(await as('agent-1').get(inbox(id, 'messages')))).toHaveLength(3);
    expect(verdict(await write(id, { id: draft, text: 'Something else.' }))).toBe('422 idempotency-mismatch');
  });

  test('B10: refused while paused, it is sent after the resume', async () => {
    const id = await conversationIn('paused', { account: 'whatsapp', contact: newContact() });
    const draft = `a-${randomUUID()}`;
    expect(verdict(await write(id, { id: draft }))).toBe('409 NOT_ELIGIBLE_STATE');
    expect(verdict(await send('agent-1', inbox(id, 'resume')))).toBe('200 resumed');
    expect(verdict(await write(id, { id: draft }))).toBe('200 message-sent');
  });
});

test('B4: a supervisor makes a tag on the spot also where agents may not; a machine never', async () => {
  const id = await conversationIn('closed', { account: 'messaging', contact: newContact() });
  const tags = [`new ${randomUUID().replaceAll(/[^a-f]/g, '')}`];
  const refused = await send('integration-1', inbox(id, 'qualify'), { tags });
  expect([refused.status, field(refused.body, 'errors', '0', 'pointer')]).toEqual([422, '/tags/0']);
  expect((await send('agent-1', inbox(id, 'qualify'), { tags })).status).toBe(422);
  const made = await send('manager-1', inbox(id, 'qualify'), { tags });
  expect([verdict(made), field(made.body, 'conversation', 'tags')]).toEqual(['200 qualified', tags]);
});

test('B4: a close of what has ended makes no tag and minds no category', async () => {
  const id = await conversationIn('closed', onSite());
  const ghost = `ghost ${randomUUID().replaceAll(/[^a-f]/g, '')}`;
  const late = await send('agent-1', inbox(id, 'close'), { tags: [ghost], category: 'nowhere' });
  expect(verdict(late)).toBe('200 already-closed');
  expect((await send('integration-1', inbox(id, 'qualify'), { tags: [ghost] })).status).toBe(422);
});

describe('administration', () => {
  const head = as('super-administrator-1');
  const acts = async (act: string): Promise<unknown[]> =>
    items(await head.get(`/admin/v1/audit?type=audit.administrative-act&act=${act}&limit=200`)).map((record) =>
      ['service', 'reason'].map((name) => field(record, name)).concat(field(record, 'actor', 'id')),
    );
  const by = 'super-administrator-1';

  test('whoever makes, changes or withdraws a channel account stands in the audit; a stale version is refused', async () => {
    const id = `account-${randomUUID().slice(0, 8)}`;
    const path = `/inbox/v1/channel-accounts/${id}`;
    const account = { kind: 'site', defaultCampaign: 'site', policy: 'iadvize-onsite', surveyOn: true };
    const shown = { id, ...account, deliveryUrl: null };
    const tried = await head.send('POST', '/inbox/v1/channel-accounts?dryRun=true', { id, ...account });
    expect([tried.status, tried.body]).toEqual([201, { ...shown, version: 1, hookId: '', secret: null }]);
    expect((await head.send('GET', path)).status).toBe(404);
    expect((await head.send('POST', '/inbox/v1/channel-accounts', { id, ...account })).status).toBe(201);
    expect((await head.send('GET', path)).headers.get('etag')).toBe('"1"');
    expect(verdict(await head.send('POST', '/inbox/v1/channel-accounts?dryRun=true', { id, ...account }))).toBe(
      '409 conflict',
    );
    const dry = await head.send('PUT', `${path}?dryRun=true`, { ...account, surveyOn: false }, { 'if-match': '"1"' });
    expect([dry.status, dry.body]).toMatchObject([200, { ...shown, surveyOn: false, version: 2 }]);
    expect((await head.send('DELETE', `${path}?dryRun=true`)).body).toMatchObject({ ...shown, version: 2 });
    expect(await head.get(path)).toMatchObject({ ...shown, version: 1, secret: expect.stringMatching(/^whsec_/) });
    const changed = await head.send('PUT', path, { ...account, surveyOn: false }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    const stale = await head.send('PUT', path, account, { 'if-match': '"1"' });
    expect([verdict(stale), field(stale.body, 'currentSequence')]).toEqual(['412 STALE_VERSION', 2]);
    const withdrawn = await head.send('DELETE', path);
    expect([withdrawn.status, withdrawn.body]).toMatchObject([200, { ...shown, surveyOn: false, version: 3 }]);
    expect((await head.send('GET', path)).status).toBe(404);
    const told = [1, 2, 3].map((version) => ['inbox', `${id} v${version}`, by]);
    const all = async (): Promise<true | undefined> => {
      const found = await acts('configuration.channel-account');
      return told.every((one) => JSON.stringify(found).includes(JSON.stringify(one))) ? true : undefined;
    };
    expect(await until('three acts in the audit', all, 20_000)).toBe(true);
  });

  test('a channel account that could begin no conversation is not taken', async () => {
    const account = { kind: 'site', defaultCampaign: 'nowhere', policy: 'no-such-policy', surveyOn: true };
    const answers = [
      await head.send('POST', '/inbox/v1/channel-accounts', { id: `account-${randomUUID().slice(0, 8)}`, ...account }),
      await head.send('PUT', '/inbox/v1/channel-accounts/whatsapp', account),
    ];
    for (const { status, body } of answers) {
      const pointers = ['0', '1'].map((each) => field(body, 'errors', each, 'pointer'));
      expect([status, pointers]).toEqual([422, ['/defaultCampaign', '/policy']]);
    }
  });

  test('what was read of an agent’s room can be sent back', async () => {
    const path = '/inbox/v1/agents/expert-1/capacity';
    const read = await as('manager-1').get(path);
    const held = { messaging: expect.any(Number), email: 0 };
    expect(read).toEqual({ messaging: expect.any(Number), email: expect.any(Number), held });
    expect(await as('manager-1').put(path, read)).toEqual(read);
  });

  test('who says how much an agent may hold stands in the audit', async () => {
    const email = 1 + Math.floor(Math.random() * 400);
    await head.put('/inbox/v1/agents/expert-1/capacity', { messaging: 500, email });
    const told = JSON.stringify(['inbox', `expert-1 messaging 500, email ${email}`, by]);
    const found = async () => (JSON.stringify(await acts('capacity.set')).includes(told) ? true : undefined);
    expect(await until('the act in the audit', found, 20_000)).toBe(true);
  });
});

test('a command answers which commands are open to its caller now', async () => {
  const id = await say(onSite());
  const enabled = (answer: unknown, ...path: string[]): unknown[] => {
    const list = field(answer, ...path, 'availableCommands');
    return (Array.isArray(list) ? list : []).flatMap((one) => (field(one, 'enabled') ? [field(one, 'command')] : []));
  };
  const answers = [
    await send('agent-1', `${inbox(id, 'pick')}?dryRun=true`),
    await send('agent-1', inbox(id, 'pick')),
    await send('agent-1', inbox(id, 'messages'), { id: `a-${randomUUID()}`, text: 'Hello' }),
    await send('agent-1', inbox(id, 'close')),
    await send('agent-1', inbox(id, 'close')),
  ];
  const shown = answers.map(({ body }) => enabled(body, 'conversation'));
  expect(shown[0]).toEqual(shown[1]);
  expect(shown[1]).toEqual(expect.arrayContaining(['message', 'close', 'return-to-queue']));
  expect(shown[2]).toEqual(expect.arrayContaining(['message', 'close']));
  expect(shown[3]).toEqual(['qualify', 'add-note']);
  expect(shown[4]).toEqual(shown[3]);
  expect(shown[4]).toEqual(enabled(await view(id)));
  const program = await as('integration-1').get(`/inbox/v1/conversations/${await conversationIn('active', onSite())}`);
  expect(field(program, 'availableCommands', '0')).toEqual({
    command: 'message',
    enabled: false,
    reasonCode: 'FORBIDDEN_ROLE',
  });
});

test('a message is shown with the instant at which its channel says it was sent', async () => {
  const [visitor, sentAt] = [onSite(), '2026-01-02T03:04:05.678Z'];
  const body = { id: `m-${randomUUID()}`, contact: { id: visitor.contact }, text: 'Hello', sentAt };
  expect((await send('integration-1', '/inbox/v1/channels/site/messages', body)).status).toBe(202);
  const id = await say(visitor);
  await as('agent-1').post(inbox(id, 'pick'), {});
  await reply('agent-1', id);
  const at = items(await as('agent-1').get(inbox(id, 'messages'))).map((message) => field(message, 'at'));
  expect(at[0]).toBe(sentAt);
  expect(String(at[1]) > sentAt).toBe(true);
});

describe('strictness', () => {
  test.each(['desk', 'desk/stream', 'desk/picking-list', 'agents/me/presence'])(
    'GET /%s takes no unknown field',
    async (path) => {
      expect((await as('agent-1').send('GET', `/inbox/v1/${path}?who=me`)).status).toBe(422);
    },
  );

  test('a list from later than to is 422', async () => {
    const period = 'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z';
    expect((await as('agent-1').send('GET', `/inbox/v1/conversations?${period}`)).status).toBe(422);
  });

  test.each([
    ['Idempotency-Key', 'with space'],
    ['If-Match', 'garbage'],
  ])('a malformed %s is 400 before anybody asks who it is', async (name, value) => {
    const response = await fetch(`${gateway}/inbox/v1/conversations/cnv_x/close`, {
      method: 'POST',
      headers: { [name]: value },
    });
    expect(response.status).toBe(400);
  });
});
