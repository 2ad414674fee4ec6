import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { TOPICS } from '@parley/contracts/envelope';
import { succeededBy } from '@parley/domain/conversation';
import { isNewer } from '@parley/domain/evolve';
import { foldLogs } from '@parley/domain/fold';
import { viewOf } from '@parley/domain/view';
import { stateRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Database } from '@parley/persistence/database';
import { addToOutbox } from '@parley/persistence/outbox';
import { nextPosition } from '@parley/persistence/stream-position';
import { LIVE_ACTIVITY } from '../live-activity/changes.js';
import { columnsOf } from './columns.js';
import { ConversationRow, EventRow, MessageEventRow } from './conversation.entity.js';
import { belongsBefore, foldOn, gapAfter, type Fold, type Waiting } from './fold.js';

type Told = LifecycleEvent | NewerEvent | MessageEvent;
/** `waits`: a message ahead of its life. `gap`: an event is missing before this one; the conversation is parked until it comes. */
export type Projected = 'folded' | 'repeat' | 'waits' | 'gap';

const isMessage = (told: Told): told is MessageEvent => !isNewer(told) && 'messageNumber' in told;

/** Folds both logs into our own tables, each record once however often it comes (X3, X6). */
export class LifecycleProjector {
  constructor(
    private readonly database: Database,
    private readonly publicUrl: string,
  ) {}

  /** One transaction: the copy, the fold, its place in the live stream and the newest state on its way to Kafka. */
  async project(told: Told): Promise<Projected> {
    return this.database.inTenant(told.tenantid, async (em) => {
      if (!(await keep(em, told))) return 'repeat';
      const row = await lockedRow(em, told);
      const before: Fold = { last: row.last, state: row.state ?? null };
      const gapBefore = row.gapAt ?? null;
      const waiting = await waitingOf(em, row);
      const after = isMessage(told) && belongsBefore(before, told) ? await refolded(em, row) : foldOn(before, waiting);
      const gapAt = gapAfter(after.last, waiting);
      if (after.state === null || after.state === before.state) {
        if (gapAt !== gapBefore) await em.nativeUpdate(ConversationRow, keyOf(row), { gapAt });
        return gapAt === null ? 'waits' : 'gap';
      }
      const predecessor = await lockedPredecessor(em, before, after.state);
      await this.save(em, row, { last: after.last, state: after.state, gapAt }, told.time);
      if (predecessor) await this.succeed(em, predecessor, after.state.conversationId, told.time);
      return gapAt === null ? 'folded' : 'gap';
    });
  }

  /** The newest state once more: somebody's older one lies over it on the compacted topic. */
  async republish(em: EntityManager, state: Conversation, time: string): Promise<void> {
    await addToOutbox(em, TOPICS.state, [stateRecord(viewOf(state), time, new Date().toISOString(), this.publicUrl)]);
  }

  private async save(
    em: EntityManager,
    row: ConversationRow,
    { last, state, gapAt }: { last: number; state: Conversation; gapAt: number | null },
    time: string,
  ): Promise<void> {
    const position = String(await nextPosition(em, LIVE_ACTIVITY));
    const columns = { ...columnsOf(state, row), last, gapAt, position };
    const saved = await em.nativeUpdate(ConversationRow, { ...keyOf(row), last: row.last }, columns);
    if (saved !== 1) throw new Error(`The fold of ${row.id} moved under its lock.`);
    await this.republish(em, state, time);
  }

  /** The customer has the next conversation; no event of this one says so, the next one's `started` does. */
  private async succeed(em: EntityManager, row: ConversationRow, next: string, time: string): Promise<void> {
    await em.nativeUpdate(ConversationRow, keyOf(row), { nextConversationId: next });
    if (!row.state) return;
    await this.save(em, row, { last: row.last, state: succeededBy(row.state, next), gapAt: row.gapAt ?? null }, time);
  }
}

/** Read as it is, not managed: nothing is written but what is written here. */
const LOCKED = { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true } as const;
const UNMANAGED = { disableIdentityMap: true } as const;

const keyOf = ({ tenant, id }: ConversationRow) => ({ tenant, id });

/** False: it lies here already, so it has counted. */
async function keep(em: EntityManager, told: Told): Promise<boolean> {
  const { tenantid, conversationId, time } = told;
  const body = JSON.stringify(told);
  const kept = isMessage(told)
    ? await em.execute<unknown[]>(
        `insert into message_event (tenant, conversation_id, message_number, after_sequence, time, body)
         values (?, ?, ?, ?, ?, ?) on conflict do nothing returning 1`,
        [tenantid, conversationId, told.messageNumber, told.afterSequence, time, body],
      )
    : await em.execute<unknown[]>(
        `insert into event (tenant, conversation_id, sequence, type, time, body)
         values (?, ?, ?, ?, ?, ?) on conflict do nothing returning 1`,
        [tenantid, conversationId, told.sequence, told.type, time, body],
      );
  return kept.length > 0;
}

/** Made when it is the first we hear; locked until we commit, so that both logs fold one at a time. */
async function lockedRow(em: EntityManager, { tenantid, conversationId, threadid }: Told): Promise<ConversationRow> {
  const key = { tenant: tenantid, id: conversationId };
  const known = await em.findOne(ConversationRow, key, LOCKED);
  if (known) return known;
  await em.execute(`insert into conversation (tenant, id, thread_id) values (?, ?, ?) on conflict do nothing`, [
    tenantid,
    conversationId,
    threadid,
  ]);
  return em.findOneOrFail(ConversationRow, key, LOCKED);
}

/** Before any position is taken: whoever holds that row may be waiting for a position. */
async function lockedPredecessor(
  em: EntityManager,
  before: Fold,
  state: Conversation,
): Promise<ConversationRow | null> {
  if (before.state !== null || state.previousConversationId === null) return null;
  const key = { tenant: state.tenant, id: state.previousConversationId };
  return em.findOne(ConversationRow, key, LOCKED);
}

async function waitingOf(em: EntityManager, { tenant, id, last, state }: ConversationRow): Promise<Waiting> {
  const of = { tenant, conversationId: id };
  const events = await em.find(
    EventRow,
    { ...of, sequence: { $gt: last } },
    { ...UNMANAGED, orderBy: { sequence: 'asc' } },
  );
  const messages = await em.find(
    MessageEventRow,
    { ...of, afterSequence: { $gte: last }, messageNumber: { $gt: state?.lastMessageNumber ?? 0 } },
    { ...UNMANAGED, orderBy: { messageNumber: 'asc' } },
  );
  return { events: events.map(({ body }) => body), messages: messages.map(({ body }) => body) };
}

/** All of it again from the copy of the logs: a message came after something that it stands before. */
async function refolded(em: EntityManager, { tenant, id, last, nextConversationId }: ConversationRow): Promise<Fold> {
  const of = { tenant, conversationId: id };
  const events = await em.find(EventRow, { ...of, sequence: { $lte: last } }, UNMANAGED);
  const messages = await em.find(MessageEventRow, of, UNMANAGED);
  const state = foldLogs(
    events.map(({ body }) => body),
    messages.map(({ body }) => body),
  );
  if (state === undefined) throw new Error(`The copy of ${id} holds no beginning.`);
  return { last, state: nextConversationId ? succeededBy(state, nextConversationId) : state };
}
