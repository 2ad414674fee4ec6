import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AgentActivity } from '@parley/contracts/audit';
import { TOPICS } from '@parley/contracts/envelope';
import { activityRecord } from '@parley/lifecycle-log/lifecycle-record';
import { addToOutbox } from '@parley/persistence/outbox';

export type Activity = Pick<AgentActivity, 'type' | 'agentId' | 'data'>;

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
