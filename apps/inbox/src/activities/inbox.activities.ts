import { Inject, Injectable } from '@nestjs/common';
import type { InboxActivities } from '@parley/contracts/protocol';
import type { Database } from '@parley/persistence/database';
import { Archive } from '../archive/archive.store.js';
import { Leases } from '../capacity/leases.js';
import { ForeignMessages } from '../foreign-messages/foreign-messages.js';
import { DATABASE } from '../parts.js';

/** What conversations ask of us, on the task queue `inbox`. Each may be asked again. */
@Injectable()
export class InboxActivityList {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly archive: Archive,
    private readonly foreign: ForeignMessages,
    private readonly leases: Leases,
  ) {}

  readonly activities: InboxActivities = {
    messageWaits: ({ tenant, threadId, acceptedBefore }) => this.#messageWaits(tenant, threadId, acceptedBefore),
    archiveThread: ({ thread, leaving }) => this.archive.keep(thread, leaving),
    recordForeignMessages: async (batch) => {
      for (const message of batch) await this.foreign.record(message);
    },
    grantLease: ({ to: agentId, group, ...key }) =>
      this.leases.take({ ...key, request: null, settleAt: null }, { agentId, group }),
    freeLease: ({ to: agentId, group: _, ...key }) => this.leases.withdraw({ ...key, agentId }),
  };

  /**
   * Behind the thread's lock, so that an acceptance under way is seen: it took its instant while it held the lock. While
   * the database's clock, which gives those instants, is behind the asker's, one may still come.
   */
  #messageWaits(tenant: string, threadId: string, before: string): Promise<boolean> {
    return this.database.inTenant(tenant, async (em) => {
      await em.execute('select 1 from thread where tenant = ? and id = ? for share', [tenant, threadId]);
      const [row] = await em.execute<{ waits: boolean }[]>(
        `select clock_timestamp() < ?::timestamptz or exists (
           select 1 from message where tenant = ? and thread_id = ? and state in ('stored', 'handed')
             and accepted_at < ?::timestamptz) as waits`,
        [before, tenant, threadId, before],
      );
      return row?.waits === true;
    });
  }
}
