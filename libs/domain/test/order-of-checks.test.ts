import { describe, expect, test } from '@jest/globals';
import { REASON_CODES, type ReasonCode } from '@parley/contracts/reason';
import { firstAgainst, ORDER_OF_CHECKS } from '../src/order-of-checks.js';
import {
  addNote,
  administrator,
  after,
  agentWrote,
  ana,
  answerSurvey,
  assignedTo,
  ben,
  cancel,
  close,
  closeBy,
  closed,
  customerReturned,
  done,
  erase,
  event,
  given,
  hasNext,
  manager,
  message,
  noRoom,
  pause,
  policy,
  program,
  qualify,
  rate,
  reassign,
  refused,
  resume,
  sellia,
  social,
  superAdministrator,
  trackTransaction,
  visitorWrote,
  zendesk,
  type Order,
  type Step,
} from './given.js';

const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const ended: Step[] = [...withAna, agentWrote(ana), done(close())];
const firstOf = (steps: Step[]) => ({
  kind: 'unchanged',
  outcome: 'already-closed',
  record: { sequence: given(...steps).state.closings[0]?.sequence },
});

describe('the order of refusals (contract.md)', () => {
  test('is the order of the reason codes, with already-closed behind erased', () => {
    expect(ORDER_OF_CHECKS.filter((check) => check !== 'already-closed')).toEqual(REASON_CODES);
    expect(ORDER_OF_CHECKS.indexOf('already-closed')).toBe(ORDER_OF_CHECKS.indexOf('ERASED') + 1);
  });
  test('when all stand against a command the first is answered, and so on to the last', () => {
    const { state, world } = given(...ended);
    const standing = new Set<ReasonCode>(REASON_CODES);
    const answered = ORDER_OF_CHECKS.map((check) => {
      const command = standing.has('STALE_TARGET') && check !== 'STALE_TARGET' ? close()(world) : qualify({})(world);
      const then = standing.has('NOT_ELIGIBLE_STATE') ? 'not-eligible' : [];
      const refusedIf = Object.fromEntries([...standing].map((code) => [code, true]));
      const first = firstAgainst(state, command, { outcome: 'closed', refusedIf, then });
      if (check !== 'already-closed') standing.delete(check);
      return first;
    });
    expect(answered).toEqual(ORDER_OF_CHECKS);
  });

  const stale = { ifSequence: 1 };
  const foreign = { ...administrator, scopes: ['campaign:winter'] };
  /** Two that stand against it at once: the first is answered; without it, the second. */
  test.each([
    [
      'FORBIDDEN_ROLE',
      'FORBIDDEN_SCOPE',
      [sellia, ...withAna],
      cancel({ caller: { ...manager, scopes: [] } }),
      cancel({ caller: foreign }),
    ],
    ['FORBIDDEN_SCOPE', 'ERASED', [sellia, ...withAna, done(erase())], cancel({ caller: foreign }), cancel()],
    ['ERASED', 'STALE_TARGET', [...ended, done(erase()), hasNext], pause(), undefined],
    [
      'STALE_TARGET',
      'STALE_VERSION',
      [...ended, hasNext],
      message({ caller: ana, author: 'agent', ...stale }),
      undefined,
    ],
    ['STALE_VERSION', 'FEATURE_DISABLED', [...withAna], pause(stale), pause()],
    ['FEATURE_DISABLED', 'NOT_ELIGIBLE_STATE', [...withAna, done(close())], pause(), undefined],
    ['NOT_ELIGIBLE_STATE', 'CATEGORY_REQUIRED', [sellia, visitorWrote], cancel({ category: undefined }), undefined],
    [
      'CATEGORY_REQUIRED',
      'SUBCATEGORY_MISMATCH',
      [sellia, ...withAna],
      cancel({ category: undefined, subcategory: 'x' }),
      cancel({ subcategory: 'x', subcategoryOf: 'y' }),
    ],
    [
      'SUBCATEGORY_MISMATCH',
      'COMMENT_REQUIRED',
      [sellia, policy({ comment: 'required' }), ...withAna],
      cancel({ subcategory: 'x', subcategoryOf: 'y' }),
      cancel(),
    ],
    [
      'NOT_ELIGIBLE_STATE',
      'CAPACITY_FULL',
      [sellia, visitorWrote],
      reassign({ caller: administrator, lease: noRoom }),
      undefined,
    ],
  ] as [ReasonCode, ReasonCode, Step[], Order, Order | undefined][])(
    '%s before %s',
    (first, second, steps, both, withoutFirst) => {
      expect(given(...steps).when(both).decision).toEqual(refused(first));
      if (withoutFirst) expect(given(...steps).when(withoutFirst).decision).toEqual(refused(second));
    },
  );
});

describe('a command may say what it has seen', () => {
  test('a life that went on since: STALE_VERSION', () => {
    const { state, when } = given(...withAna);
    expect(when(close({ ifSequence: state.sequence })).state.status).toBe('closed');
    expect(when(close({ ifSequence: state.sequence - 1 })).decision).toEqual(refused('STALE_VERSION'));
  });
  test('something that was said since: STALE_VERSION', () => {
    const { when } = given(...withAna, agentWrote(ana));
    expect(when(close({ ifMessageCount: 2 })).state.status).toBe('closed');
    expect(when(close({ ifMessageCount: 1 })).decision).toEqual(refused('STALE_VERSION'));
  });
});

describe('an ended conversation', () => {
  const passed: Step[] = [...ended, hasNext];
  test('closed or cancelled once more: the first record, also when the customer has the next one already, and whatever it has seen', () => {
    for (const steps of [ended, passed]) {
      for (const order of [close(), closeBy(manager), close({ episode: 1, ifSequence: 1 })]) {
        expect(given(...steps).when(order).decision).toMatchObject(firstOf(steps));
      }
      expect(given(...steps).when(cancel()).decision).toMatchObject(firstOf(steps));
    }
  });
  test('who may not close it does not learn how it ended', () => {
    expect(given(...ended).when(closeBy(ben)).decision).toEqual(refused('FORBIDDEN_SCOPE'));
  });
  test.each([
    ['pause', pause()],
    ['resume', resume()],
    ['reassign', reassign()],
    ['message', message({ author: 'agent', caller: ana })],
  ])('%s: STALE_TARGET with a successor, NOT_ELIGIBLE_STATE without', (_name, order) => {
    expect(given(social, ...passed).when(order).decision).toEqual(refused('STALE_TARGET'));
    expect(given(social, ...ended).when(order).decision).toEqual(refused('NOT_ELIGIBLE_STATE'));
  });
  test('what amends it still means it', () => {
    for (const order of [qualify({ tags: ['refund'] }), addNote(), trackTransaction(), rate(), erase()]) {
      expect(given(...passed).when(order).decision.kind).toBe('decided');
    }
    expect(given(social, ...passed).when(answerSurvey()).decision.kind).toBe('decided');
  });
});

describe('episodes of one conversation', () => {
  const again: Step[] = [sellia, ...withAna, agentWrote(ana), done(cancel()), after(1000), customerReturned];
  test('a close or cancel of an older one is answered with its first record, though it goes on', () => {
    for (const order of [cancel({ episode: 1 }), closeBy(superAdministrator, { episode: 1 })]) {
      expect(given(...again).when(order).decision).toMatchObject({
        kind: 'unchanged',
        outcome: 'already-closed',
        record: { sequence: 5, status: 'cancelled', closing: { statsAgent: 'ana' } },
      });
    }
  });
  test('any other command for an older one, or for one to come: STALE_TARGET', () => {
    const mine = given(...again, assignedTo(ana));
    for (const order of [
      qualify({ episode: 1, tags: ['x'] }),
      pause({ episode: 1 }),
      reassign({ caller: administrator, episode: 3 }),
      cancel({ episode: 3 }),
    ])
      expect(mine.when(order).decision).toEqual(refused('STALE_TARGET'));
  });
  test('without an episode, or with the newest, the present one is meant', () => {
    for (const episode of [undefined, 2]) {
      const { then, state } = given(...again, assignedTo(ana)).when(cancel({ episode }));
      expect(then).toEqual([event('conversation.cancelled', { episode: 2 })]);
      expect(state.closings.map((record) => record.episode)).toEqual([1, 2]);
    }
  });
});

describe('events of one decision', () => {
  test('the first says which command caused it, the others which event', () => {
    const { then, state } = given(...withAna).when(
      close({ commandId: 'cmd:7', tags: ['x'], correlationid: 'cor-1', traceparent: '00-ab-cd-01' }),
    );
    expect(then.map(({ causationid }) => causationid)).toEqual([
      undefined,
      `${state.conversationId}:4`,
      `${state.conversationId}:4`,
    ]);
    for (const one of then)
      expect(one).toMatchObject({ commandid: 'cmd:7', correlationid: 'cor-1', traceparent: '00-ab-cd-01' });
  });
  test('what was not given is not there at all', () => {
    const [only] = given(zendesk, ...withAna).when(trackTransaction({ caller: program })).then;
    expect(only).toBeDefined();
    for (const key of ['causationid', 'correlationid', 'traceparent']) expect(key in (only ?? {})).toBe(false);
  });
  test('each says who, where, under which policy', () => {
    expect(given(...withAna).when(close()).then[0]).toEqual(
      closed({
        tenantid: 'demo',
        episode: 1,
        policyversion: 3,
        channelAccount: 'site',
        campaign: 'summer',
        group: 'support',
        actor: { kind: 'agent', id: 'ana', role: 'agent' },
        reason: 'agent',
      }),
    );
  });
});
