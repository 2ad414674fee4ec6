import type { EntityManager } from '@mikro-orm/postgresql';
import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { assigneeOf, countOfMessages, isEnded, succeededBy } from '@parley/domain/conversation';
import { evolve, isNewer } from '@parley/domain/evolve';
import { foldLogs } from '@parley/domain/fold';
import { saidOf } from '../dispatch/said.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { ConversationRow, LifeEventRow } from './conversation.entity.js';
import { lockConversation } from './conversation-lock.js';
import { FRESH } from '../parts.js';

type Life = LifecycleEvent | NewerEvent;

/** A conversation before and after one more record; `before` is undefined for its first. */
export interface Folded {
  before: Conversation | undefined;
  after: Conversation;
}

const PLACED = { state: { $in: ['placed', 'published'] } } as const satisfies object;

/** `gap`: something before it is missing; it is kept, and the conversation stands still until that comes (an alarm). */
export type EventFolded = ({ kind: 'folded' } & Folded) | { kind: 'repeat' } | { kind: 'gap' };

/** One event of a life, once, however often it comes. */
export async function foldEvent(em: EntityManager, event: Life): Promise<EventFolded> {
  const { tenantid: tenant, conversationId, sequence } = event;
  await lockConversation(em, tenant, conversationId);
  const [kept] = await em.execute<{ has_later: boolean }[]>(
    `insert into life_event (tenant, conversation_id, sequence, event) values (?, ?, ?, ?) on conflict do nothing
     returning exists (select 1 from life_event later where later.tenant = life_event.tenant
       and later.conversation_id = life_event.conversation_id and later.sequence = life_event.sequence + 1) as has_later`,
    [tenant, conversationId, sequence, JSON.stringify(event)],
  );
  if (kept === undefined) return { kind: 'repeat' };
  const before = (await em.findOne(ConversationRow, { tenant, id: conversationId }, FRESH))?.state;
  if (sequence !== (before?.sequence ?? 0) + 1) return { kind: 'gap' };
  // It was waited for: what came before its time is there.
  const after = kept.has_later ? await refold(em, tenant, conversationId, before) : await inOrder(em, before, event);
  await save(em, before, after, event);
  if (!isNewer(event) && event.type === 'conversation.started' && event.previousConversationId !== null)
    await link(em, tenant, event.previousConversationId, conversationId);
  return { kind: 'folded', before, after };
}

/** A message that got its place. Undefined: nothing of its conversation is known yet; its events will fold it in. */
export async function foldMessage(em: EntityManager, event: MessageEvent): Promise<Folded | undefined> {
  const { tenantid: tenant, conversationId } = event;
  await lockConversation(em, tenant, conversationId);
  const row = await em.findOne(ConversationRow, { tenant, id: conversationId }, FRESH);
  const before = row?.state;
  if (!before || event.afterSequence > before.sequence || hasCounted(before, event)) return undefined;
  const isNext = event.afterSequence === before.sequence && event.messageNumber === before.lastMessageNumber + 1;
  const after = isNext ? evolve(before, event) : await refold(em, tenant, conversationId, before);
  await em.nativeUpdate(ConversationRow, { tenant, id: conversationId }, { state: after });
  return { before, after };
}

/** Numbers are counted without a hole, unless one that was said elsewhere is still on its way. */
const hasCounted = (state: Conversation, { messageNumber }: MessageEvent): boolean =>
  messageNumber <= state.lastMessageNumber && countOfMessages(state) === state.lastMessageNumber;

/** The event, then what was said right after it and could not be folded before. */
async function inOrder(em: EntityManager, before: Conversation | undefined, event: Life): Promise<Conversation> {
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

/** From the beginning up to the first gap: something came late. What the next one's `started` said of this life stays. */
async function refold(
  em: EntityManager,
  tenant: string,
  conversationId: string,
  known: Conversation | undefined,
): Promise<Conversation> {
  const rows = await em.find(LifeEventRow, { tenant, conversationId }, { ...FRESH, orderBy: { sequence: 'asc' } });
  const whole = rows.filter(({ sequence }, index) => sequence === index + 1).map(({ event }) => event);
  const said = await em.find(MessageRow, { tenant, conversationId, ...PLACED }, FRESH);
  const state = foldLogs(whole, said.flatMap(saidOf));
  if (!state) throw new Error(`The copy of ${conversationId} holds no beginning.`);
  const next = known?.nextConversationId ?? null;
  return next === null ? state : succeededBy(state, next);
}

async function link(em: EntityManager, tenant: string, previous: string, next: string): Promise<void> {
  await lockConversation(em, tenant, previous);
  const row = await em.findOne(ConversationRow, { tenant, id: previous }, FRESH);
  if (row) await em.nativeUpdate(ConversationRow, { tenant, id: previous }, { state: succeededBy(row.state, next) });
}

async function save(
  em: EntityManager,
  before: Conversation | undefined,
  state: Conversation,
  event: Life,
): Promise<void> {
  const key = { tenant: state.tenant, id: state.conversationId };
  const columns = columnsOf(before, state, event);
  const changed = await em.nativeUpdate(ConversationRow, key, columns);
  if (changed === 0) await em.insert(ConversationRow, { ...key, ...columns });
}

function columnsOf(before: Conversation | undefined, state: Conversation, event: Life) {
  const isPending = state.status === 'pending';
  const waitsSince = before?.status === 'pending' ? {} : { pendingSince: new Date(event.time) };
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
    ...(!isNewer(event) && event.type === 'conversation.returned' && { returnedBy: event.returnedBy }),
    state,
  };
}
