import { beforeEach, describe, expect, test } from '@jest/globals';
import type { MessageAnswer, MessageUpdate, Previous } from '@parley/contracts/protocol';
import type { Reply } from '@parley/temporal/patience';
import type { Claim } from '../src/dispatch/claims.js';
import { isToldAt } from '../src/dispatch/dispatcher.js';
import { HandOver } from '../src/dispatch/hand-over.js';
import type { InHand } from '../src/dispatch/in-hand.js';
import { Lived } from './lived.js';

const threadId = 'th_0000000000000000000001';
const open = new Lived(threadId).says().assigned();
const ended = new Lived(threadId).says().assigned().answers();
ended.does({ type: 'close' }, { kind: 'agent', id: 'agent-1', role: 'agent', scopes: [] });

const place = { conversationId: open.id, afterSequence: 2, messageNumber: 2, decidedAt: open.now };
const placed: MessageAnswer = {
  kind: 'placed',
  ...place,
  outcome: 'message-received',
  sequence: 2,
  leaseUsed: false,
};
const answer = (said: MessageAnswer): Reply<MessageAnswer> => ({ kind: 'answer', answer: said });
const past = (newest: Lived, ...messageIds: string[]): Previous => ({
  tenant: 'demo',
  threadId,
  newest: newest.state,
  presence: { online: false, authenticated: false },
  messages: messageIds.map((messageId) => ({ messageId, ...place })),
  outcomes: [],
});

let run: (update: MessageUpdate) => Reply<MessageAnswer>;
let previous: Previous | undefined;
let missing: string | undefined;
let sent: (readonly [string, boolean])[];
beforeEach(() => {
  run = () => answer(placed);
  previous = undefined;
  missing = 'campaign site';
  sent = [];
});

const asks = (how: string, update: MessageUpdate): Reply<MessageAnswer> => {
  sent.push([how, update.start !== undefined]);
  return how === 'with-start' ? answer(placed) : run(update);
};
const handOver = new HandOver(
  {
    message: async (_tenant: string, _thread: string, update: MessageUpdate) => asks('plainly', update),
    messageWithStart: async (_tenant: string, _thread: string, update: MessageUpdate) => asks('with-start', update),
  } as never,
  { previousOf: async () => previous } as never,
  {
    resolve: async () => (missing === undefined ? { kind: 'resolved', start: {} } : { kind: 'missing', what: missing }),
  } as never,
  {} as never,
  { renew: async () => open.now } as never,
  { PARLEY_LINGER_MS: 1, PARLEY_HANDED_MS: 1 } as never,
);

const claim: Claim = {
  ...{ tenant: 'demo', threadId, contactId: 'ct_1', channelAccount: 'site' },
  ...{ epoch: 1, hasPast: true },
};
const message = { id: 'msg_1', author: 'visitor', acceptedAt: new Date(), online: false, authenticated: false };
const gives = async (): Promise<unknown> => {
  const given = await handOver.give(claim, { message, handedAt: open.now, hasPast: true } as InHand);
  return given.kind === 'again' ? `${given.why}, alarm: ${given.alarm}` : given.kind;
};
const held = 'no campaign site is known, alarm: true';

describe('a visitor’s message whose campaign or policy is not known', () => {
  test('goes on into the conversation that is open', async () => {
    expect(await gives()).toBe('placed');
    expect(sent).toEqual([['plainly', false]]);
  });

  test('is held where the run would have to begin an episode, and the other way it is not', async () => {
    run = () => answer({ kind: 'hold', why: 'previous-needed' });
    previous = past(ended);
    expect(await gives()).toBe(held);
    expect(sent).toEqual([['plainly', false]]);
    missing = undefined;
    expect(await gives()).toBe('placed');
    expect(sent.slice(1)).toEqual([
      ['plainly', true],
      ['with-start', true],
    ]);
  });

  test('is held where there is no run, and none is started for it', async () => {
    run = () => ({ kind: 'not-found' });
    expect(await gives()).toBe(held);
    previous = past(ended);
    expect(await gives()).toBe(held);
    expect(sent).toEqual([
      ['plainly', false],
      ['plainly', false],
    ]);
  });

  test('gets the place that an earlier attempt got, also after its run has ended', async () => {
    run = () => ({ kind: 'not-found' });
    previous = past(ended, 'msg_1');
    expect(await gives()).toBe('placed');
    expect(sent.at(-1)).toEqual(['with-start', false]);
  });
});

test.each([
  [true, [1, 2, 4, 8, 16, 32, 64]],
  [false, [10, 20, 40, 80]],
])('a held thread is told ever more rarely; alarm: %s', (alarm, told) => {
  const attempts = Array.from({ length: 100 }, (_, n) => n + 1);
  expect(attempts.filter((each) => isToldAt(each, alarm))).toEqual(told);
});
