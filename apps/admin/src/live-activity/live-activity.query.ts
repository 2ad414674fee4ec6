import type { FilterQuery, OrderDefinition } from '@mikro-orm/core';
import type { LIVE_ACTIVITY_SORTS } from '@parley/contracts/admin-http';
import { type LiveActivityFilter } from '@parley/contracts/admin-http';
import type { ConversationRow } from '../lifecycle/conversation.entity.js';

export type Where = FilterQuery<ConversationRow>;
export type Sort = (typeof LIVE_ACTIVITY_SORTS)[number];

export const DEFAULT_SORT: Sort = '-startedAt';

const likeText = (text: string): string => text.toLowerCase().replace(/[\\%_]/g, '\\$&');

/** What the caller filters by, each as one condition; without a status: everything that has not ended (A2, A4). */
export function matching(filter: LiveActivityFilter, now: string): Where[] {
  const { status, channelAccount, campaign, agent, thread, contact, idleForMs, q } = filter;
  const equal = { channelAccount, campaign, agent, threadId: thread, contactId: contact };
  const given = Object.entries(equal).filter(([, value]) => value !== undefined);
  return [
    ...statusIs(status),
    Object.fromEntries(given),
    ...(idleForMs === undefined ? [] : [{ idleSince: { $lte: before(now, idleForMs) } }]),
    ...(q === undefined ? [] : [{ search: { $like: `%${likeText(q)}%` } }]),
  ];
}

function statusIs(status: LiveActivityFilter['status']): Where[] {
  if (status === undefined) return [{ ended: false }];
  const wanted: Where[] = status.flatMap((each) => (each === 'all' ? [] : [{ status: each }]));
  return wanted.length === 0 ? [{ ended: { $ne: null } }] : [{ $or: wanted }];
}

const before = (now: string, ms: number): string => new Date(Date.parse(now) - ms).toISOString();

/** Columns that are never null once the life has begun, so that a cursor can stand on any row. */
const COLUMNS = { startedAt: 'startedAt', lastMessageAt: 'idleSince', deadlineAt: 'deadlineOrder' } as const;
type Column = (typeof COLUMNS)[keyof typeof COLUMNS];

const SORTS: Record<Sort, { column: Column; direction: 'asc' | 'desc' }> = {
  startedAt: { column: COLUMNS.startedAt, direction: 'asc' },
  '-startedAt': { column: COLUMNS.startedAt, direction: 'desc' },
  lastMessageAt: { column: COLUMNS.lastMessageAt, direction: 'asc' },
  '-lastMessageAt': { column: COLUMNS.lastMessageAt, direction: 'desc' },
  deadlineAt: { column: COLUMNS.deadlineAt, direction: 'asc' },
  '-deadlineAt': { column: COLUMNS.deadlineAt, direction: 'desc' },
};

/** Ties are broken by id, so the order is total and a page never repeats or skips a row that did not move. */
export function ordered(sort: Sort): OrderDefinition<ConversationRow> {
  const { column, direction } = SORTS[sort];
  return [{ [column]: direction }, { id: 'asc' }];
}

/** What comes after the last row of the page before. */
export function after(sort: Sort, [value, id]: readonly [string, string]): Where {
  const { column, direction } = SORTS[sort];
  const beyond = direction === 'asc' ? { $gt: value } : { $lt: value };
  return { $or: [{ [column]: beyond }, { [column]: value, id: { $gt: id } }] };
}

/** Where a cursor stands on a row. */
export const placeOf = (sort: Sort, row: ConversationRow): [string, string] => [row[SORTS[sort].column] ?? '', row.id];
