import { Inject, Injectable } from '@nestjs/common';
import type { ArchivedConversation, ThreadRecord } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import { succeededBy } from '@parley/domain/conversation';
import type { Database } from '@parley/persistence/database';
import { MessageRow } from '../dispatch/message.entity.js';
import { ConversationRow } from '../lifecycle/conversation.entity.js';
import { DATABASE, FRESH } from '../parts.js';
import { ArchivedConversationRow, ArchivedThreadRow } from './archive.entity.js';

/** What runs leave behind: the only past that a next run is given (architecture.md, decision 2). */
@Injectable()
export class Archive {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /**
   * Keeps what leaves a run. It may come again, and late: a later record of the thread stays (its newest conversation
   * began later, or has come further).
   */
  async keep(thread: ThreadRecord, leaving: readonly ArchivedConversation[]): Promise<void> {
    const { tenant, threadId } = thread;
    await this.database.inTenant(tenant, async (em) => {
      await em.execute('select 1 from thread where tenant = ? and id = ? for update', [tenant, threadId]);
      const known = await em.findOne(ArchivedThreadRow, { tenant, threadId }, FRESH);
      if (!known || !isLater(known.record, thread))
        await em.upsert(ArchivedThreadRow, { tenant, threadId, record: thread, archivedAt: new Date() });
      for (const { conversationId, state } of leaving) {
        const row = { tenant, conversationId, threadId, lastSequence: state.sequence, state };
        const before = await em.findOne(ArchivedConversationRow, { tenant, conversationId }, FRESH);
        if (!before || before.lastSequence <= state.sequence) await em.upsert(ArchivedConversationRow, row);
      }
    });
  }

  async previousOf(tenant: string, threadId: string): Promise<ThreadRecord | undefined> {
    const row = await this.database.inTenant(tenant, (em) =>
      em.findOne(ArchivedThreadRow, { tenant, threadId }, FRESH),
    );
    return row?.record;
  }

  /** A conversation as it left its run, with the one that came after it by now; `unknown`: nobody here has heard of it. */
  async find(tenant: string, conversationId: string): Promise<ArchivedAnswer> {
    return this.database.inTenant(tenant, async (em): Promise<ArchivedAnswer> => {
      const archived = await em.findOne(ArchivedConversationRow, { tenant, conversationId }, FRESH);
      const folded = await em.findOne(ConversationRow, { tenant, id: conversationId }, FRESH);
      if (!archived) {
        const said = folded ?? (await em.findOne(MessageRow, { tenant, conversationId }, FRESH));
        return { kind: said ? 'behind' : 'unknown' };
      }
      const { state } = archived;
      const next = state.nextConversationId ?? folded?.state.nextConversationId ?? null;
      if (next !== null) return { kind: 'archived', state: succeededBy(state, next) };
      const later = await em.find(
        MessageRow,
        { tenant, threadId: state.threadId, state: { $in: ['placed', 'published'] } },
        { ...FRESH, orderBy: { position: 'desc' }, limit: 1 },
      );
      const newest = later[0]?.conversationId ?? conversationId;
      return { kind: 'archived', state: newest === conversationId ? state : succeededBy(state, newest) };
    });
  }
}

export type ArchivedAnswer = { kind: 'archived'; state: Conversation } | { kind: 'behind' } | { kind: 'unknown' };

function isLater({ newest: known }: ThreadRecord, { newest: given }: ThreadRecord): boolean {
  if (known.conversationId !== given.conversationId) return known.startedAt > given.startedAt;
  if (known.sequence !== given.sequence) return known.sequence > given.sequence;
  return known.lastMessageNumber > given.lastMessageNumber;
}
