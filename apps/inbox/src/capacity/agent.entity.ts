import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { AgentPresence } from '@parley/contracts/inbox-http';

/** An agent's presence and room. Whoever counts leases locks this row first. */
export const AgentRow = defineEntity({
  name: 'Agent',
  tableName: 'agent',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    status: p.text().$type<AgentPresence['status']>(),
    accepts: p.text().$type<AgentPresence['accepts']>(),
    messagingLimit: p.integer(),
    emailLimit: p.integer(),
    lastAssignedAt: p.datetime().nullable(),
  },
});
export type AgentRow = InferEntity<typeof AgentRow>;
