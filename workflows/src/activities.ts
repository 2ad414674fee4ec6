import { proxyActivities } from '@temporalio/workflow';
import { TASK_QUEUES, type InboxActivities, type PublishingActivities } from '@parley/contracts/protocol';

/** Kafka may be away for days: the attempt waits for it in its worker, and its heartbeats tell a dead worker from a patient one. */
export const publishing = proxyActivities<PublishingActivities>({
  taskQueue: TASK_QUEUES.publishing,
  startToCloseTimeout: '1 day',
  // A worker killed with -9 costs its batch so long; each attempt that waits for Kafka costs the server one write in 24 s
  // (at 10 seconds 400 of them took a quarter of a core).
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

/** Answered from inbox's database; an inbox that is away is waited for. */
export const inbox = proxyActivities<Omit<InboxActivities, 'grantLease'>>({
  taskQueue: TASK_QUEUES.inbox,
  // A batch of foreign messages is up to fifty transactions.
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds' },
});

/** Somebody waits for this answer: 3 s for everything, whatever is away (architecture.md, decision 12). */
export const ledger = proxyActivities<Pick<InboxActivities, 'grantLease'>>({
  taskQueue: TASK_QUEUES.inbox,
  scheduleToCloseTimeout: '3 seconds',
  startToCloseTimeout: '2 seconds',
  retry: { initialInterval: '100 milliseconds', backoffCoefficient: 2 },
});
