import type { EntityManager } from '@mikro-orm/postgresql';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf, isEnded, succeededBy } from '@parley/domain/conversation';
import { evolve } from '@parley/domain/evolve';
import { foldLogs } from '@parley/domain/fold';
import { saidOf } from '../dispatch/said.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { ConversationRow, LifeEventRow } from './conversation.entity.js';
import { lockConversation } from './conversation-lock.js';
import { FRESH } from '../parts.js';

/** A conversation before and after one more record; `before` is undefined for its first. */
export interface Folded {
  before: Conversation | undefined;
  after: Conversation;
}

const PLACED = { state: { $in: ['placed', 'published'] } } as const satisfies object;

/** One event of a life, once. Undefined: it had counted already. A gap is folded all the same; the caller raises the alarm. */
export async function foldEvent(
  em: EntityManager,
  event: LifecycleEvent,
): Promise<(Folded & { isGap: boolean }) | undefined> {
  const { tenantid: tenant, conversationId, sequence } = event;
  await lockConversation(em, tenant, conversationId);
  const [isNew] = await em.execute<unknown[]>(
    `insert into life_event (tenant, conversation_id, sequence, event) values (?, ?, ?, ?)
     on conflict do nothing returning sequence`,
    [tenant, conversationId, sequence, JSON.stringify(event)],
  );
  if (isNew === undefined) return undefined;
  const row = await em.findOne(ConversationRow, { tenant, id: conversationId }, FRESH);
  const isGap = sequence !== (row?.sequence ?? 0) + 1;
  const after = isGap ? await refold(em, tenant, conversationId) : await inOrder(em, row?.state, event);
  if (!after) return undefined;
  await save(em, after, event);
  if (event.type === 'conversation.started' && event.previousConversationId !== null)
    await link(em, tenant, event.previousConversationId, conversationId);
  return { before: row?.state, after, isGap };
}

/** A message that got its place. Undefined: nothing of its conversation is known yet; its events will fold it in. */
export async function foldMessage(em: EntityManager, event: MessageEvent): Promise<Folded | undefined> {
  const { tenantid: tenant, conversationId } = event;
  await lockConversation(em, tenant, conversationId);
  const row = await em.findOne(ConversationRow, { tenant, id: conversationId }, FRESH);
  const before = row?.state;
  if (!before || event.afterSequence > before.sequence || event.messageNumber <= before.lastMessageNumber)
    return undefined;
  const isNext = event.afterSequence === before.sequence && event.messageNumber === before.lastMessageNumber + 1;
  const after = isNext ? evolve(before, event) : await refold(em, tenant, conversationId);
  if (!after) return undefined;
  await em.nativeUpdate(ConversationRow, { tenant, id: conversationId }, { state: after });
  return { before, after };
}

/** The event, then what was said right after it and could not be folded before. */
async function inOrder(
  em: EntityManager,
  before: Conversation | undefined,
  event: LifecycleEvent,
): Promise<Conversation> {
  const lived = evolve(before, event);
  const waiting = await em.find(
    MessageRow,
    {
      tenant: event.tenantid,
      conversationId: event.conversationId,
      ...PLACED,
      messageNumber: { $gt: lived.lastMessageNumber },
      afterSequence: { $lte: event.sequence },
    },
    { ...FRESH, orderBy: { messageNumber: 'asc' } },
  );
  return waiting.flatMap(saidOf).reduce((state, said) => evolve(state, said), lived);
}

/** From the beginning: something came late. What the next one's `started` said of this life stays. */
async function refold(em: EntityManager, tenant: string, conversationId: string): Promise<Conversation | undefined> {
  const events = await em.find(LifeEventRow, { tenant, conversationId }, { ...FRESH, orderBy: { sequence: 'asc' } });
  const said = await em.find(MessageRow, { tenant, conversationId, ...PLACED }, FRESH);
  if (events[0]?.event.type !== 'conversation.started') return undefined;
  const state = foldLogs(
    events.map(({ event }) => event),
    said.flatMap(saidOf),
  );
  const row = await em.findOne(ConversationRow, { tenant, id: conversationId }, FRESH);
  const next = row?.state.nextConversationId ?? null;
  return state && next !== null ? succeededBy(state, next) : state;
}

async function link(em: EntityManager, tenant: string, previous: string, next: string): Promise<void> {
  await lockConversation(em, tenant, previous);
  const row = await em.findOne(ConversationRow, { tenant, id: previous }, FRESH);
  if (row) await em.nativeUpdate(ConversationRow, { tenant, id: previous }, { state: succeededBy(row.state, next) });
}

async function save(em: EntityManager, state: Conversation, event: LifecycleEvent): Promise<void> {
  const key = { tenant: state.tenant, id: state.conversationId };
  const columns = columnsOf(state, event);
  const changed = await em.nativeUpdate(ConversationRow, key, columns);
  if (changed === 0) await em.insert(ConversationRow, { ...key, ...columns });
}

function columnsOf(state: Conversation, event: LifecycleEvent) {
  const isPending = state.status === 'pending';
  const waitsSince = event.statusFrom === 'pending' ? {} : { pendingSince: new Date(event.time) };
  return {
    threadId: state.threadId,
    contactId: state.contactId,
    channelAccount: state.channelAccount,
    campaign: state.campaign,
    groupId: state.group,
    status: state.status,
    pendingReason: isPending ? state.pendingReason : null,
    sequence: state.sequence,
    episode: state.episode,
    assignedTo: assigneeOf(state),
    statsAgent: isEnded(state) ? state.closing.statsAgent : null,
    category: state.category,
    tags: state.tags,
    startedAt: new Date(state.startedAt),
    ...(isPending ? waitsSince : { pendingSince: null, returnedBy: null }),
    ...(event.type === 'conversation.returned' && { returnedBy: event.returnedBy }),
    state,
  };
}
