import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AgentActivity } from '@parley/contracts/audit';
import { TOPICS } from '@parley/contracts/envelope';
import { activityRecord } from '@parley/lifecycle-log/lifecycle-record';
import { notify } from '@parley/persistence/listener';
import { addToOutbox } from '@parley/persistence/outbox';
import { showCapacity } from '../desk/desk-changes.js';
import { HEARD } from '../parts.js';

export type Activity = Pick<AgentActivity, 'type' | 'agentId' | 'data'>;

/**
 * What moved in agents' room, to whoever waits for it: their desks, the log, and the router where there is more of it.
 * The last thing in a transaction. @param by the router need not be told what it did itself
 */
export async function tellRoom(
  em: EntityManager,
  publicUrl: string,
  tenant: string,
  activities: readonly Activity[],
  by: 'router' | 'others' = 'others',
): Promise<void> {
  const isMore = activities.some(({ type }) => type === 'agent.lease-freed');
  if (isMore && by !== 'router') await notify(em, HEARD.router, tenant);
  await showCapacity(
    em,
    tenant,
    activities.map(({ agentId }) => agentId),
  );
  await publishActivity(em, publicUrl, tenant, activities);
}

/** To `agent.activity.v1`; the last thing in a transaction, for it takes the outbox's locks. */
export async function publishActivity(
  em: EntityManager,
  publicUrl: string,
  tenant: string,
  activities: readonly Activity[],
): Promise<void> {
  const time = new Date().toISOString();
  const records = activities.map((activity) =>
    activityRecord({ id: `act_${randomUUID()}`, time, tenantid: tenant, ...activity }, time, publicUrl),
  );
  await addToOutbox(em, TOPICS.agentActivity, records);
}
