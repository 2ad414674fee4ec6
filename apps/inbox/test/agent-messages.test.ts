import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { MessageAnswer } from '@parley/contracts/protocol';
import { viewOf } from '@parley/domain/view';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { ProblemError } from '@parley/service/problem';
import { eventually } from '../../../test/parts/eventually.js';
import { AgentMessages } from '../src/agent-messages/agent-messages.js';
import { SourceKeys } from '../src/channel-messages/identifiers.js';
import { Claims } from '../src/dispatch/claims.js';
import { Intake } from '../src/dispatch/intake.js';
import { MessageWaiters } from '../src/dispatch/message-waiters.js';
import { MessageRow } from '../src/dispatch/message.entity.js';
import { Placing } from '../src/dispatch/placing.js';
import { openInboxDatabase } from './database.js';
import { agent, Lived } from './lived.js';

const { database, close } = await openInboxDatabase();
afterAll(close);

const tenant = 'demo';
const me = agent('agent-1');
const claims = new Claims(database);
const configuration = { of: async () => ({ tagName: (slug: string) => slug, account: () => undefined }) } as never;
const vault = {
  seal: async (_: unknown, text: string) => Buffer.from(text),
  open: async (_: unknown, body: Buffer) => (isErased ? undefined : body.toString()),
  blindIndex: (...parts: string[]) => parts.join('/'),
} as never;
const silent = { error: () => undefined } as never;
const placing = new Placing(database, { PUBLIC_URL: 'http://localhost' } as never, claims, configuration);

let isReachable = true;
let isErased = false;
let talk: Lived;
let messages: AgentMessages;
let threads = 0;
beforeEach(() => {
  isReachable = true;
  isErased = false;
  talk = new Lived(`th_${String(++threads).padStart(22, '0')}`).says().assigned();
  messages = new AgentMessages(
    database,
    new CommandEndpoint('inbox', silent),
    { reach: async () => talk.state } as never,
    new Intake(database, vault),
    new MessageWaiters(database),
    new SourceKeys(vault),
    { to: async (_: unknown, outcome: unknown) => outcome } as never,
    { isReachable: async () => isReachable } as never,
  );
});

const sends = (ifSequence?: number, text = 'Let me look.'): Promise<unknown> => {
  const request = { key: 'k', fingerprint: 'f', dryRun: false, ifSequence, language: 'en', successStatus: 200 };
  const headers = { headers: {}, setHeader: () => undefined };
  const ask = { tenant, caller: me, conversationId: talk.id, request: { ...request, ...headers } as never };
  return messages.send(ask, { id: 'draft-1', text }).then(
    ({ outcome }) => outcome,
    (error: unknown) => (error instanceof ProblemError ? `${error.status} ${error.slug}` : String(error)),
  );
};
const stored = (): Promise<MessageRow[]> =>
  database.inTenant(tenant, (em) =>
    em.find(MessageRow, { tenant, threadId: talk.thread }, { disableIdentityMap: true, orderBy: { position: 'asc' } }),
  );

async function claimed() {
  for (const end = Date.now() + 5000; Date.now() < end; await setImmediate()) {
    const found = (await claims.claim(50)).taken.find(({ claim }) => claim.threadId === talk.thread);
    if (found) return found;
  }
  throw new Error('no message came');
}
/** What a dispatcher does, with this answer of the conversation; answers the guards that went along. */
async function dispatched(answer: MessageAnswer): Promise<unknown> {
  const { claim, inHand } = await claimed();
  const kept = { broughtRoom: false };
  if (answer.kind === 'placed') await placing.placed(claim, inHand, { ...kept, kind: 'placed', answer }, false);
  if (answer.kind === 'refused') await placing.refused(claim, inHand, { ...kept, kind: 'refused', answer }, false);
  return inHand.message.guards;
}
const refused: MessageAnswer = {
  kind: 'refused',
  reason: 'STALE_VERSION',
  currentSequence: 4,
  nextConversationId: null,
};
const placed = (): MessageAnswer => ({
  kind: 'placed',
  conversationId: talk.id,
  afterSequence: 4,
  messageNumber: 2,
  decidedAt: talk.now,
  outcome: 'message-sent',
  sequence: 4,
  leaseUsed: false,
  conversation: viewOf(talk.state),
});

describe('an agent’s message', () => {
  test('with Temporal away it is not taken: the draft is kept and nothing is sent later', async () => {
    isReachable = false;
    const startedAt = Date.now();
    expect(await sends()).toBe('503 unavailable');
    expect(Date.now() - startedAt).toBeLessThan(2000);
    expect(await stored()).toEqual([]);
  });

  test('X4: its guards travel with it and are looked at where it is decided', async () => {
    const [verdict, guards] = await Promise.all([sends(3), dispatched(refused)]);
    expect(guards).toEqual({ ifSequence: 3 });
    expect(verdict).toBe('412 stale-version');
  });

  test('its turn comes too late: it is withdrawn, not sent, whoever still asks for it; then it can be sent again', async () => {
    const asked = sends();
    await eventually(stored, (rows) => rows.length === 1);
    await database.acrossTenants((em) =>
      em.execute(`update message set accepted_at = now() - interval '11 s' where thread_id = ?`, [talk.thread]),
    );
    expect((await claims.claim(50)).taken.filter(({ claim }) => claim.threadId === talk.thread)).toEqual([]);
    expect(await asked).toBe('503 unavailable');
    expect((await stored()).map(({ state, sourceKey, body }) => [state, sourceKey, body])).toEqual([
      ['withdrawn', null, null],
    ]);
    expect((await Promise.all([sends(), dispatched(placed())]))[0]).toBe('message-sent');
    expect((await stored()).map(({ state }) => state)).toEqual(['withdrawn', 'placed']);
  });

  test('refused, it can be sent again under its id', async () => {
    expect((await Promise.all([sends(3), dispatched(refused)]))[0]).toBe('412 stale-version');
    expect((await Promise.all([sends(4), dispatched(placed())]))[0]).toBe('message-sent');
    expect((await stored()).map(({ state }) => state)).toEqual(['refused', 'placed']);
  });

  test('X4: asked again after it was sent it is that message, whatever has moved since and whoever is away', async () => {
    expect((await Promise.all([sends(3), dispatched(placed())]))[0]).toBe('message-sent');
    talk.answers().does({ type: 'pause' }, me);
    isReachable = false;
    expect(await sends(3)).toBe('message-sent');
    expect(await stored()).toHaveLength(1);
  });

  test('X4: another text under the id of one that was sent is 422, and once erased nobody can tell', async () => {
    expect((await Promise.all([sends(3), dispatched(placed())]))[0]).toBe('message-sent');
    expect(await sends(3, 'Something else.')).toBe('422 idempotency-mismatch');
    isErased = true;
    expect(await sends(3, 'Something else.')).toBe('message-sent');
    expect((await stored()).map(({ body }) => String(body))).toEqual(['Let me look.']);
  });

  test('X4: sent twice at the same moment with two texts, one is sent and the other is 422', async () => {
    const [one, other] = await Promise.all([sends(3, 'One.'), sends(3, 'Other.'), dispatched(placed())]);
    expect([one, other].toSorted()).toEqual(['422 idempotency-mismatch', 'message-sent']);
    expect(await stored()).toHaveLength(1);
  });
});
