import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { TASK_QUEUES } from '@parley/contracts/protocol';
import type { Settings } from '@parley/contracts/settings';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';
import { runWorker } from '@parley/temporal/worker-host';
import { InboxActivityList } from './inbox.activities.js';

/** Answers the conversations' questions for as long as the process lives. */
@Injectable()
export class ActivityWorker implements OnApplicationBootstrap {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly list: InboxActivityList,
    private readonly shutdown: Shutdown,
  ) {}

  onApplicationBootstrap(): void {
    const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, PARLEY_SECRET, PARLEY_SECRET_PREVIOUS } = this.settings;
    const host = runWorker({
      address: TEMPORAL_ADDRESS,
      namespace: TEMPORAL_NAMESPACE,
      secret: PARLEY_SECRET,
      previousSecrets: PARLEY_SECRET_PREVIOUS ?? [],
      taskQueue: TASK_QUEUES.inbox,
      activities: this.list.activities,
      log: this.log,
    });
    this.shutdown.on('workers', () => host.stop());
  }
}
