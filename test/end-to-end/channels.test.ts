import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { until } from '../../deploy/local/demo/play.ts';
import { inbox, newContact, pick, placeOf, reply, say } from './actors.ts';
import { rows } from './database.ts';
import { type Answer, as, at, field, gateway, textAt, verdict } from './stack.ts';
import { comes, newTeam, type Team } from './team.ts';

let team: Team;
beforeAll(async () => {
  team = await newTeam({ deliveryUrl: `${at('channel')}/deliveries` });
  await comes(team.agents[0], 'picking');
});

describe('Standard Webhooks in: POST /hooks/{hookId}', () => {
  interface Call {
    hookId: string;
    id: string;
    at: Date;
    body: string;
    signature: string;
  }
  const bodyFor = (contact = newContact(), id = `m-${randomUUID()}`): string =>
    JSON.stringify({ id, contact: { id: contact }, text: 'Signed by my channel.' });

  /** Signed as it should be, but for what the test changes; the signature is made before that. */
  async function hook(body: string, change: Partial<Call> = {}, signedAt = new Date()): Promise<Answer> {
    const id = `wh-${randomUUID()}`;
    const signature = new Webhook(team.secret).sign(id, signedAt, body);
    const call: Call = { hookId: team.hookId, id, at: signedAt, body, signature, ...change };
    const response = await fetch(`${gateway}/inbox/v1/hooks/${call.hookId}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': call.id,
        'webhook-timestamp': String(Math.floor(call.at.getTime() / 1000)),
        'webhook-signature': call.signature,
      },
      body: call.body,
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  const stored = async (contact: string): Promise<unknown> =>
    (
      await rows(
        `select (select count(*) from inbox.message where channel_account = $1)::int as messages,
                (select count(*) from inbox.contact where channel_account = $1)::int as contacts`,
        [team.id],
      )
    ).map((counts) => ({ ...counts, contact }))[0];

  test('a right signature is a visitor’s message: 202, with a place like any other', async () => {
    const answer = await hook(bodyFor());
    expect(answer.status).toBe(202);
    expect(textAt(answer.body, 'threadId')).toMatch(/^th_/);
    const visitor = { account: team.id, contact: '' };
    expect(await placeOf(visitor, textAt(answer.body, 'messageId'))).toMatch(/^cnv_/);
  });

  test('the same id again answers the same messageId, by whichever door', async () => {
    const [contact, id] = [newContact(), `m-${randomUUID()}`];
    const first = await hook(bodyFor(contact, id));
    const again = await hook(bodyFor(contact, id));
    expect([again.status, again.body]).toEqual([202, first.body]);
    const byToken = await as('integration-1').post(`/inbox/v1/channels/${team.id}/messages`, {
      id,
      contact: { id: contact },
      text: 'Signed by my channel.',
    });
    expect(byToken).toEqual(first.body);
  });

  const other = new Webhook(`whsec_${Buffer.from('somebody else’s secret').toString('base64')}`);
  const minutes = (count: number): Date => new Date(Date.now() + count * 60_000);
  const forgeries: [string, (body: string) => Promise<Answer>][] = [
    [
      'signed with another secret',
      (body) => hook(body, { id: 'wh-1', signature: other.sign('wh-1', new Date(), body) }),
    ],
    ['without a signature', (body) => hook(body, { signature: '' })],
    ['signed for another id', (body) => hook(body, { id: 'wh-another' })],
    ['signed six minutes ago', (body) => hook(body, {}, minutes(-6))],
    ['signed six minutes ahead', (body) => hook(body, {}, minutes(6))],
    ['old, with a fresh timestamp written over it', (body) => hook(body, { at: new Date() }, minutes(-6))],
    ['with its body written anew', (body) => hook(body, { body: JSON.stringify(JSON.parse(body), undefined, 1) })],
    ['with another text', (body) => hook(body, { body: body.replace('Signed', 'Forged') })],
    ['to a hook that is not there', (body) => hook(body, { hookId: 'hook_AAAAAAAAAAAAAAAAAAAA' })],
    ['to an address that is no hook', (body) => hook(body, { hookId: '%27' })],
  ];
  test.each(forgeries)('%s: 401, and nothing changes', async (_what, send) => {
    const contact = newContact();
    const before = await stored(contact);
    expect(verdict(await send(bodyFor(contact)))).toBe('401 unauthenticated');
    expect(await stored(contact)).toEqual(before);
  });

  const namesIn = ({ body }: Answer): string[] => Object.keys(body as object).toSorted();
  test('I18: the hook of another tenant’s account takes no signature of ours, and answers as an unknown one', async () => {
    const [site] = await rows(`select hook_id from inbox.channel_account where tenant = 'other' and id = 'site'`);
    const count = async (): Promise<unknown> => rows(`select count(*) from inbox.message where tenant = 'other'`);
    const before = await count();
    const answer = await hook(bodyFor(), { hookId: textAt(site, 'hook_id') });
    const unknown = await hook(bodyFor(), { hookId: 'hook_AAAAAAAAAAAAAAAAAAAA' });
    expect(verdict(answer)).toBe('401 unauthenticated');
    expect(namesIn(answer)).toEqual(namesIn(unknown));
    expect(field(answer.body, 'detail')).toEqual(field(unknown.body, 'detail'));
    expect(await count()).toEqual(before);
  });

  test('rightly signed, but of a wrong shape: 422 that names the field', async () => {
    const answer = await hook(JSON.stringify({ id: 'x', contact: { id: 'y' }, text: '' }));
    expect([answer.status, field(answer.body, 'errors', '0', 'pointer')]).toEqual([422, '/text']);
  });
});

describe('what an agent writes leaves by the account’s deliveryUrl', () => {
  interface Delivery {
    messageId: string;
    text: string;
    raw: string;
    headers: Record<string, string>;
  }
  const received = async (conversationId: string): Promise<Delivery[]> => {
    const response = await fetch(`${at('channel')}/deliveries?conversationId=${conversationId}`);
    return ((await response.json()) as { items: Delivery[] }).items;
  };
  const behave = (order: object): Promise<Response> =>
    fetch(`${at('channel')}/behaviour`, { method: 'PUT', body: JSON.stringify(order) });
  /** The agent writes these one after the other; answers the ids that history gives them. */
  async function writes(conversationId: string, ...texts: string[]): Promise<string[]> {
    for (const text of texts) await reply(team.agents[0], conversationId, text);
    const history = field(await as(team.agents[0]).get(inbox(conversationId, 'messages')), 'items') as object[];
    return texts.map((text) =>
      textAt(
        history.find((message) => field(message, 'text') === text),
        'messageId',
      ),
    );
  }
  const opened = async (contact = newContact()): Promise<string> => {
    const id = await say({ account: team.id, contact });
    await pick(team.agents[0], id);
    return id;
  };

  test('signed with the account’s secret, in order per thread, retried after failures, each accepted once', async () => {
    const contact = newContact();
    const id = await opened(contact);
    await behave({ failNext: 2 });
    const sent = await writes(id, 'one', 'two', 'three');
    const all = await until('all three to arrive', async () => {
      const found = await received(id);
      return found.length >= sent.length ? found : undefined;
    });
    expect(all.map(({ messageId, text }) => [messageId, text])).toEqual([
      [sent[0], 'one'],
      [sent[1], 'two'],
      [sent[2], 'three'],
    ]);
    for (const { raw, headers, messageId, text } of all) {
      expect(new Webhook(team.secret).verify(raw, headers)).toEqual({ messageId, conversationId: id, contact, text });
      expect(headers['webhook-id']).toBe(messageId);
    }
    const attempts = await until('inbox to note all three', async () => {
      const found = await rows(
        'select attempts, state from inbox.delivery where message_id = any($1) order by position',
        [sent],
      );
      return found.every(({ state }) => state === 'delivered') ? found.map((row) => row['attempts']) : undefined;
    });
    expect(attempts).toEqual([3, 1, 1]);
    expect((await received(id)).length).toBe(sent.length);
  });

  test('a thread whose message cannot leave holds up no other thread', async () => {
    const [stuck, free] = [await opened(), await opened()];
    // After three failures in a row the next attempt is 5 s away.
    await behave({ failNext: 3 });
    const [first] = await writes(stuck, 'fails at first');
    const attempted = async (): Promise<unknown> =>
      (await rows('select attempts from inbox.delivery where message_id = $1', [first]))[0]?.['attempts'];
    await until('three failures', async () => ((await attempted()) === 3 ? true : undefined));
    await writes(free, 'passes by');
    await until('the other thread’s message', async () => (await received(free))[0]);
    expect([await attempted(), await received(stuck)]).toEqual([3, []]);
    const late = await until('the late one', async () => (await received(stuck))[0]);
    expect(late.messageId).toBe(first);
  });
});
