import { describe, expect, test } from '@jest/globals';
import { capacityOf, effectsOf } from '../src/effects.js';
import {
  agentWrote,
  ana,
  assign,
  assignedTo,
  ben,
  cancel,
  close,
  closeBy,
  done,
  endSession,
  expertWrote,
  given,
  manager,
  message,
  granted,
  noRoom,
  onPaidCampaign,
  pause,
  pick,
  policy,
  reassign,
  resume,
  returnToQueue,
  sellia,
  social,
  start,
  visitorWrote,
  zendesk,
  type Step,
} from './given.js';

const withAna: Step[] = [visitorWrote, assignedTo(ana)];
const active: Step[] = [...withAna, agentWrote(ana)];

describe('room on an agent’s desk', () => {
  const kept: Step[] = [social, policy({ pauseReleasesCapacity: false })];
  test.each([
    ['assigned', [visitorWrote], assign(), null, 'ana'],
    ['its first message', withAna, message({ author: 'agent', caller: ana }), null, null],
    ['reassigned: the new before the old is freed', active, reassign(), 'ana', 'ben'],
    ['returned', active, returnToQueue(), 'ana', null],
    ['paused', [social, ...active], pause(), 'ana', null],
    ['paused where that keeps it', [...kept, ...active], pause(), null, null],
    ['resumed', [social, ...active, done(pause())], resume(), null, 'ana'],
    ['resumed where it was kept', [...kept, ...active, done(pause())], resume(), null, null],
    ['picked by another where it was kept', [...kept, ...active, done(pause())], pick(ben), 'ana', 'ben'],
    ['the visitor answers with a lease', [social, ...active, done(pause())], message({ lease: granted }), null, 'ana'],
    ['the visitor answers without', [social, ...active, done(pause())], message({ lease: noRoom }), null, null],
    ['E5: its session ended', [zendesk, ...active], endSession(), 'ana', null],
    ['closed', active, close(), 'ana', null],
    ['closed from wrap-up', [zendesk, ...active, done(endSession())], close(), null, null],
    ['cancelled', [sellia, ...active], cancel(), 'ana', null],
    ['begun', [], start, null, null],
  ] as [string, Step[], ReturnType<typeof close>, string | null, string | null][])(
    '%s',
    (_name, steps, order, freed, held) => {
      const { before, then } = given(...steps).when(order);
      expect(capacityOf(before, then)).toEqual({ freed, held });
    },
  );
  test('nothing begun, nothing held', () => expect(capacityOf(undefined, [])).toEqual({ freed: null, held: null }));
});

describe('A6: what a command set off', () => {
  const effects = (steps: Step[], order: ReturnType<typeof close>) => {
    const { before, then } = given(...steps).when(order);
    return effectsOf(before, then);
  };
  const freed = { code: 'capacity-freed', data: { agentId: 'ana', kind: 'messaging' } };
  const leaves = { code: 'leaves-panel', data: {} };
  const countsFor = (agentId: string | null) => ({ code: 'counts-for', data: { agentId } });

  test('A7, A8, A9, A11: a supervisor’s close', () => {
    expect(effects([onPaidCampaign, ...withAna, expertWrote(ana)], closeBy(manager))).toEqual([
      countsFor('ana'),
      { code: 'visitor-told', data: { how: 'message-and-reduce', reduceAfterMs: 5000 } },
      { code: 'survey-suppressed', data: { reason: 'visitor-not-authenticated' } },
      { code: 'expert-unpaid', data: { agentId: 'ana' } },
      freed,
      leaves,
    ]);
  });
  test('B2: on a channel the visitor is told there', () => {
    expect(effects([social, visitorWrote], closeBy(manager))).toEqual([
      countsFor(null),
      { code: 'visitor-told', data: { how: 'message', reduceAfterMs: null } },
      { code: 'survey-requested', data: {} },
    ]);
  });
  test('E11: or not told at all', () => {
    expect(effects([zendesk, ...active], close())).toEqual([
      countsFor('ana'),
      { code: 'survey-suppressed', data: { reason: 'only-by-trigger' } },
      freed,
      leaves,
    ]);
  });
  test('D7: a cancel', () => expect(effects([sellia, ...active], cancel())).toEqual([countsFor('ana'), freed, leaves]));
  test('B10: a pause leaves the panel and stays in the picking list', () => {
    expect(effects([social, ...active], pause())).toEqual([freed, leaves, { code: 'stays-in-picking-list', data: {} }]);
  });
  test('E3: in wrap-up it stays on the desk, until it is closed', () => {
    expect(effects([zendesk, ...active], endSession())).toEqual([freed]);
    expect(effects([zendesk, ...active, done(endSession())], close())).toContainEqual(leaves);
  });
  test('a reassignment moves the room', () => {
    expect(effects(active, reassign())).toEqual([
      freed,
      { code: 'capacity-held', data: { agentId: 'ben', kind: 'messaging' } },
    ]);
  });
  test('a start sets off nothing, nor does nothing', () => {
    expect(effects([], start)).toEqual([]);
    expect(effectsOf(undefined, [])).toEqual([]);
  });
});
