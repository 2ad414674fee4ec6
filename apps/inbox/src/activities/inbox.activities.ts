import { Inject, Injectable } from '@nestjs/common';
import type { InboxActivities, LeaseRequest } from '@parley/contracts/protocol';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { SETTINGS } from '@parley/service/tokens';
import { Archive } from '../archive/archive.store.js';
import { publishActivity } from '../capacity/activity.js';
import { giveBack, grant } from '../capacity/ledger.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { showCapacity } from '../desk/desk-changes.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { ForeignMessages } from '../foreign-messages/foreign-messages.js';
import { DATABASE, HEARD } from '../parts.js';

/** What conversations ask of us, on the task queue `inbox`. Each may be asked again. */
@Injectable()
export class InboxActivityList {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly archive: Archive,
    private readonly foreign: ForeignMessages,
    private readonly configuration: ConfigurationStore,
  ) {}

  readonly activities: InboxActivities = {
    messageWaits: ({ tenant, threadId, acceptedBefore }) =>
      this.#messageWaits(tenant, threadId, new Date(acceptedBefore)),
    archiveThread: ({ thread, leaving }) => this.archive.keep(thread, leaving),
    recordForeignMessages: async (batch) => {
      for (const message of batch) await this.foreign.record(message);
    },
    grantLease: (request) => this.#grant(request),
    freeLease: (request) => this.#free(request),
  };

  /** Behind the thread's lock, so that an acceptance under way is seen: it took its instant while it held the lock. */
  #messageWaits(tenant: string, threadId: string, before: Date): Promise<boolean> {
    return this.database.inTenant(tenant, async (em) => {
      await em.execute('select 1 from thread where tenant = ? and id = ? for share', [tenant, threadId]);
      const waiting = { tenant, threadId, state: { $in: ['stored', 'handed'] as const }, acceptedAt: { $lt: before } };
      return (await em.count(MessageRow, waiting)) > 0;
    });
  }

  async #grant({ to, group, ...request }: LeaseRequest) {
    const { tenant } = request;
    const snapshot = await this.configuration.of(tenant);
    if (!snapshot.isMember(to, group)) return { refused: 'TARGET_UNAVAILABLE' as const };
    return this.database.inTenant(tenant, async (em) => {
      const { lease, activity } = await grant(em, { ...request, agentId: to, request: null, settleAt: null });
      if (activity.length > 0) await showCapacity(em, tenant, [to]);
      await publishActivity(em, this.settings.PUBLIC_URL, tenant, activity);
      return lease;
    });
  }

  #free({ tenant, conversationId, episode, requestId }: LeaseRequest): Promise<void> {
    return this.database.inTenant(tenant, async (em) => {
      const activity = await giveBack(em, { tenant, conversationId, episode, requestId });
      if (activity.length > 0) await notify(em, HEARD.router, tenant);
      await showCapacity(
        em,
        tenant,
        activity.map(({ agentId }) => agentId),
      );
      await publishActivity(em, this.settings.PUBLIC_URL, tenant, activity);
    });
  }
}
