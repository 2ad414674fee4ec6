import type { EntityManager } from '@mikro-orm/postgresql';
import type { Lease } from '@parley/contracts/command';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { Conversation } from '@parley/contracts/state';
import type { Executes } from '@parley/persistence/database';
import { holderOf, isEnded } from '@parley/domain/conversation';
import { lockConversation } from '../lifecycle/conversation-lock.js';
import type { Activity } from './activity.js';
import { AgentRow } from './agent.entity.js';
import { type LeaseCommand, LeaseRow } from './lease.entity.js';
import { FRESH } from '../parts.js';

/** The ledger in its database, inside a transaction that somebody else opened. Room is counted, never kept as a number. */

export interface LeaseKey {
  tenant: string;
  conversationId: string;
  episode: number;
  /** The command's id, or `msg:` and the message's: a repeat takes no second place. */
  requestId: string;
}

export interface Wanted extends LeaseKey {
  agentId: string;
  /** The Update to ask again, should its outcome stay unknown. */
  request: LeaseCommand | null;
  /** When somebody else must have settled it. */
  settleAt: Date | null;
}

const HELD = { $ne: 'freed' } as const satisfies object;
const keyOf = ({ tenant, conversationId, episode, requestId }: LeaseKey) => ({
  tenant,
  conversationId,
  episode,
  requestId,
});

/** Agents are known from the moment somebody asks for them; the row is locked until the transaction ends. */
export async function lockAgent(em: EntityManager, tenant: string, id: string): Promise<Room> {
  const [row] = await em.execute<{ status: string; messaging_limit: number }[]>(
    `insert into agent (tenant, id) values (?, ?) on conflict (tenant, id) do update set id = excluded.id
     returning status, messaging_limit`,
    [tenant, id],
  );
  return { isOffline: row?.status === 'offline', limit: row?.messaging_limit ?? 0 };
}
interface Room {
  isOffline: boolean;
  limit: number;
}

/** How many conversations the agent holds, or may hold by a command whose outcome is unknown. */
export async function heldBy(em: EntityManager, tenant: string, agentId: string, but = ''): Promise<number> {
  const [row] = await em.execute<{ held: string }[]>(
    `select count(distinct conversation_id) as held from lease
     where tenant = ? and agent_id = ? and state <> 'freed' and conversation_id <> ?`,
    [tenant, agentId, but],
  );
  return Number(row?.held ?? 0);
}

/**
 * Takes a place, or says why not: counted under the agent's lock, so never more than the limit. A conversation whose end
 * was folded refuses whatever comes late. The same request again keeps its place; what it was for and is over takes none.
 */
export async function grant(em: EntityManager, wanted: Wanted): Promise<{ lease: Lease; activity: Activity[] }> {
  const { tenant, conversationId, episode, agentId } = wanted;
  const agent = await lockAgent(em, tenant, agentId);
  await lockConversation(em, tenant, conversationId);
  const [seen] = await em.execute<{ earlier: string | null; ended: number | null; others: string }[]>(
    `select (select case when used_sequence is null then state else 'used' end from lease
               where tenant = ? and conversation_id = ? and episode = ? and request_id = ?) as earlier,
            (select max(c.episode) from conversation c where c.tenant = ? and c.id = ?
               and c.status in ('closed', 'cancelled')) as ended,
            (select count(distinct conversation_id) from lease where tenant = ? and agent_id = ? and state <> 'freed'
               and conversation_id <> ?) as others`,
    [tenant, conversationId, episode, wanted.requestId, tenant, conversationId, tenant, agentId, conversationId],
  );
  if (seen?.earlier === 'granted' || seen?.earlier === 'used')
    return { lease: { granted: wanted.requestId }, activity: [] };
  const isWithdrawn = seen?.earlier === 'freed' && wanted.settleAt === null;
  if (isWithdrawn) return { lease: { refused: 'TARGET_UNAVAILABLE' }, activity: [] };
  const isOver = (seen?.ended ?? 0) >= episode;
  if (isOver || agent.isOffline) return { lease: { refused: 'TARGET_UNAVAILABLE' }, activity: [] };
  if (Number(seen?.others ?? 0) >= agent.limit) return { lease: { refused: 'CAPACITY_FULL' }, activity: [] };
  const row = {
    ...wanted,
    state: 'granted' as const,
    usedSequence: null,
    takenAt: new Date(),
    freedAt: null,
  };
  await em.upsert(LeaseRow, row);
  await em.nativeUpdate(AgentRow, { tenant, id: agentId }, { lastAssignedAt: new Date() });
  return { lease: { granted: wanted.requestId }, activity: [taken(agentId, conversationId)] };
}

/** The Update was answered: this lease is in use since then. */
export async function markUsed(em: Executes, key: LeaseKey, usedSequence: number): Promise<void> {
  await em.execute(
    `update lease set state = 'used', used_sequence = ?, settle_at = null
     where tenant = ? and conversation_id = ? and episode = ? and request_id = ? and state = 'granted'`,
    [usedSequence, key.tenant, key.conversationId, key.episode, key.requestId],
  );
}

/** The command that it was taken for came to nothing. */
export const giveBack = (em: EntityManager, key: LeaseKey): Promise<Activity[]> => free(em, { ...keyOf(key) });

/**
 * Whoever asked waits no longer; the row stays, for the grant may come after it. What is in use was asked for once more,
 * and decided.
 */
export async function withdraw(em: EntityManager, key: LeaseKey & { agentId: string }): Promise<Activity[]> {
  const { tenant, conversationId, episode, requestId, agentId } = key;
  await lockConversation(em, tenant, conversationId);
  await em.execute(
    `insert into lease (tenant, conversation_id, episode, request_id, agent_id, state, taken_at, freed_at)
     values (?, ?, ?, ?, ?, 'freed', now(), now()) on conflict do nothing`,
    [tenant, conversationId, episode, requestId, agentId],
  );
  return free(em, { ...keyOf(key), state: 'granted' });
}

/** What an answer of sequence n freed: places that were in use before it. */
export const freeBefore = (
  em: EntityManager,
  tenant: string,
  conversationId: string,
  agentId: string,
  sequence: number,
): Promise<Activity[]> => free(em, { tenant, conversationId, agentId, state: 'used', usedSequence: { $lt: sequence } });

/**
 * The log is the backstop: after each folded event only its holder has a place, and after an end nobody has, granted or
 * not. A lease that the workflow itself asked for is in use from the event that names its agent.
 */
export async function follow(em: EntityManager, after: Conversation, event: LifecycleEvent): Promise<Activity[]> {
  const { tenant, conversationId, episode, sequence } = after;
  // One that was waited for brings along what came before its time.
  if (sequence === event.sequence && !MOVES.has(event.type)) return [];
  const holder = holderOf(after);
  if (isEnded(after)) return free(em, { tenant, conversationId, episode: { $lte: episode } });
  if (holder !== null) {
    const mine = { tenant, conversationId, episode, agentId: holder, state: 'granted' } as const;
    const named = { $or: [{ requestId: event.commandid }, { request: null, settleAt: null }] };
    await em.nativeUpdate(LeaseRow, { ...mine, ...named }, { state: 'used', usedSequence: sequence, settleAt: null });
  }
  const others = { tenant, conversationId, state: 'used', usedSequence: { $lte: sequence } } as const;
  return free(em, holder === null ? others : { ...others, agentId: { $ne: holder } });
}

/** What can change whose room a conversation takes. */
const MOVES = new Set<LifecycleEvent['type']>([
  'conversation.queued',
  'conversation.assigned',
  'conversation.reassigned',
  'conversation.activated',
  'conversation.paused',
  'conversation.resumed',
  'conversation.returned',
  'conversation.session-ended',
  'conversation.closed',
  'conversation.cancelled',
]);

type Where = NonNullable<Parameters<typeof EntityManager.prototype.find<LeaseRow>>[1]>;

async function free(em: EntityManager, where: Where): Promise<Activity[]> {
  const rows = await em.find(LeaseRow, { $and: [where, { state: HELD }] }, FRESH);
  const activity: Activity[] = [];
  for (const row of rows) {
    const mine = { ...keyOf(row), state: HELD };
    const changed = await em.nativeUpdate(LeaseRow, mine, { state: 'freed', freedAt: new Date(), settleAt: null });
    if (changed > 0) activity.push(leaseFreed(row.agentId, row.conversationId));
  }
  return activity;
}

const taken = (agentId: string, conversationId: string): Activity => ({
  type: 'agent.lease-taken',
  agentId,
  data: { kind: 'messaging', conversationId },
});
export const leaseFreed = (agentId: string, conversationId: string): Activity => ({
  type: 'agent.lease-freed',
  agentId,
  data: { kind: 'messaging', conversationId },
});
