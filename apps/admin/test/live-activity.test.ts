import { describe, expect, test } from '@jest/globals';
import { LIVE_ACTIVITY_SORTS, LiveActivityQuery } from '@parley/contracts/admin-http';
import { columnsOf, versionOf } from '../src/lifecycle/columns.js';
import { after, matching, ordered, type Sort } from '../src/live-activity/live-activity.query.js';
import { viewOf } from '@parley/domain/view';
import { Lived, supervisor } from './lived.js';

const NOW = '2026-03-21T12:00:00.000Z';
const conditions = (query: Record<string, string>) => matching(LiveActivityQuery.parse(query), NOW);

describe('the filter as data', () => {
  test('by default everything that has not ended', () => {
    expect(conditions({})).toEqual([{ ended: false }, {}]);
  });

  test('all: also what has ended, but never a life that has not begun', () => {
    expect(conditions({ status: 'all' })).toEqual([{ ended: { $ne: null } }, {}]);
    expect(conditions({ status: 'closed,cancelled' })).toEqual([
      { $or: [{ status: 'closed' }, { status: 'cancelled' }] },
      {},
    ]);
  });

  test('each parameter is one condition', () => {
    expect(
      conditions({ campaign: 'site', agent: 'agent-1', thread: 'th_1', contact: 'ct_1', channelAccount: 'site' }),
    ).toEqual([
      { ended: false },
      { campaign: 'site', agent: 'agent-1', threadId: 'th_1', contactId: 'ct_1', channelAccount: 'site' },
    ]);
    expect(conditions({ idleForMs: '60000' })).toContainEqual({ idleSince: { $lte: '2026-03-21T11:59:00.000Z' } });
  });

  test('q is a text, not a pattern', () => {
    expect(conditions({ q: '50%_Off\\' })).toContainEqual({ search: { $like: '%50\\%\\_off\\\\%' } });
  });

  test.each([
    { status: 'no-such' },
    { status: '' },
    { sort: 'secret' },
    { limit: '0' },
    { limit: '201' },
    { idleForMs: '-1' },
    { offset: '1' },
  ])('%j is refused', (query) => {
    expect(LiveActivityQuery.safeParse(query).success).toBe(false);
  });
});

describe('the order', () => {
  const columns: Record<Sort, string> = {
    startedAt: 'startedAt',
    '-startedAt': 'startedAt',
    lastMessageAt: 'idleSince',
    '-lastMessageAt': 'idleSince',
    deadlineAt: 'deadlineOrder',
    '-deadlineAt': 'deadlineOrder',
  };

  test.each(LIVE_ACTIVITY_SORTS)('%s is total, and a page begins where the last one ended', (sort) => {
    const column = columns[sort];
    const isDescending = sort.startsWith('-');
    expect(ordered(sort)).toEqual([{ [column]: isDescending ? 'desc' : 'asc' }, { id: 'asc' }]);
    expect(after(sort, ['v', 'cnv_1'])).toEqual({
      $or: [{ [column]: isDescending ? { $lt: 'v' } : { $gt: 'v' } }, { [column]: 'v', id: { $gt: 'cnv_1' } }],
    });
  });
});

describe('the columns', () => {
  const none = { pastGroups: [], pastCampaigns: [] };
  const stateOf = (lived: Lived) =>
    lived.state ??
    (() => {
      throw new Error('nothing has begun');
    })();

  test('an open one: its agent, idle since the last message', () => {
    const lived = new Lived().says().assigned('eva').answers('eva');
    expect(columnsOf(stateOf(lived), none)).toMatchObject({
      status: 'active',
      ended: false,
      agent: 'eva',
      idleSince: lived.messages.at(-1)?.time,
      deadlineOrder: '2026-03-28T10:03:00.000Z',
      pastGroups: ['support'],
    });
  });

  test('an ended one counts for whose panel it was on (A11), and remembers where it has been', () => {
    const lived = new Lived().says().assigned('eva').does({ type: 'close' }, supervisor('manager', 'team:support'));
    expect(columnsOf(stateOf(lived), { pastGroups: ['experts'], pastCampaigns: ['whatsapp'] })).toMatchObject({
      ended: true,
      agent: 'eva',
      pastGroups: ['experts', 'support'],
      pastCampaigns: ['whatsapp'],
    });
  });

  test('of two states the newer has the greater version', () => {
    const lived = new Lived().says();
    const versions = [versionOf(viewOf(stateOf(lived)))];
    for (const step of [() => lived.assigned(), () => lived.answers(), () => lived.says(), () => lived.says()]) {
      step();
      versions.push(versionOf(viewOf(stateOf(lived))));
    }
    expect(versions.toSorted()).toEqual(versions);
    expect(new Set(versions).size).toBe(versions.length);
  });
});
