import { Inject, Injectable } from '@nestjs/common';
import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { Settings } from '@parley/contracts/settings';
import { isNewer } from '@parley/domain/evolve';
import { Poison } from '@parley/lifecycle-log/failure';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import { readLifecycle } from '@parley/lifecycle-log/read-lifecycle';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';
import { tellRoom } from '../capacity/activity.js';
import { follow } from '../capacity/ledger.js';
import { showConversation } from '../desk/desk-changes.js';
import { DATABASE, HEARD } from '../parts.js';
import { type EventFolded, foldEvent } from './conversation-fold.js';
import { FoldMetrics } from './fold.metrics.js';

/** The life of each conversation into our own tables, with what hangs on it: leases, desks, and the router's turn. */
@Injectable()
export class LifecycleProjector {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly metrics: FoldMetrics,
  ) {}

  async fold(record: LogRecord): Promise<void> {
    const read = readLifecycle(record);
    if (read.kind === 'poison') throw new Poison(read.reason);
    if (read.kind === 'unknown-type') this.metrics.skipped(read.type);
    const { event } = read;
    if (!event || (await this.#foldOne(event)) !== 'gap') return;
    this.metrics.gap();
    const { conversationId, sequence } = event;
    this.log.error({ conversationId, sequence }, 'an event is missing before this one');
  }

  #foldOne(event: LifecycleEvent | NewerEvent): Promise<EventFolded['kind']> {
    const { tenantid: tenant } = event;
    return this.database.inTenant(tenant, async (em) => {
      const folded = await foldEvent(em, event);
      if (folded.kind !== 'folded') return folded.kind;
      const activity = isNewer(event) ? [] : await follow(em, folded.after, event);
      if (folded.after.status === 'pending') await notify(em, HEARD.router, tenant);
      await showConversation(em, folded);
      await tellRoom(em, this.settings.PUBLIC_URL, tenant, activity);
      return folded.kind;
    });
  }
}
