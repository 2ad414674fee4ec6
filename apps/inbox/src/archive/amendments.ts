import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { TOPICS } from '@parley/contracts/envelope';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { Settings } from '@parley/contracts/settings';
import type { Conversation } from '@parley/contracts/state';
import { lifecycleRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Database } from '@parley/persistence/database';
import { addToOutbox } from '@parley/persistence/outbox';
import type { CommandOutcome } from '@parley/service/command-outcome';
import { SETTINGS } from '@parley/service/tokens';
import type { InboxCommand } from '../commands/commands.js';
import type { Known } from '../commands/conversations.js';
import { rehearse } from '../commands/rehearsal.js';
import { ThreadRow } from '../dispatch/thread.entity.js';
import { noteDecided } from '../lifecycle/decided.js';
import { DATABASE, FRESH } from '../parts.js';
import { ArchivedConversationRow, ArchivedThreadRow } from './archive.entity.js';

/**
 * Tags and notes after the run is gone (B9). The archive's row is the one writer then: it claims the next sequences, and
 * what was decided leaves by the outbox of the same transaction (architecture.md, decision 10).
 */
@Injectable()
export class Amendments {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async decide({ state, facts }: Known, command: InboxCommand): Promise<CommandOutcome> {
    const { outcome, after, events } = rehearse(state, command, facts, new Date().toISOString());
    if (events.length === 0) return outcome;
    const isClaimed = await this.database.inTenant(state.tenant, (em) => this.#claim(em, state, after, events));
    return isClaimed ? outcome : { kind: 'behind' };
  }

  /**
   * Behind the thread's lock: while a message of it waits, a run may be about to take the conversation up again, with
   * what the archive said; then not now.
   */
  async #claim(
    em: EntityManager,
    before: Conversation,
    after: Conversation,
    events: LifecycleEvent[],
  ): Promise<boolean> {
    const { tenant, threadId, conversationId } = before;
    await em.execute('select 1 from thread where tenant = ? and id = ? for update', [tenant, threadId]);
    const isMoving = (await em.count(ThreadRow, { tenant, id: threadId, waiting: true })) > 0;
    const key = { tenant, conversationId, lastSequence: before.sequence };
    const claim = { lastSequence: after.sequence, state: after };
    if (isMoving || (await em.nativeUpdate(ArchivedConversationRow, key, claim)) === 0) return false;
    const thread = await em.findOne(ArchivedThreadRow, { tenant, threadId }, FRESH);
    if (thread?.record.newest.conversationId === conversationId) {
      const record = { ...thread.record, newest: after };
      await em.nativeUpdate(ArchivedThreadRow, { tenant, threadId }, { record });
    }
    await noteDecided(em, tenant, conversationId, after.sequence);
    const recordedtime = new Date().toISOString();
    const records = events.map((event) => lifecycleRecord(event, recordedtime, this.settings.PUBLIC_URL));
    await addToOutbox(em, TOPICS.lifecycle, records);
    return true;
  }
}
