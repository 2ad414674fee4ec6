import { Inject, Injectable } from '@nestjs/common';
import type { PendingReason } from '@parley/contracts/conversation';
import type { Candidate } from '@parley/domain/routing';
import type { Database } from '@parley/persistence/database';
import { AgentRow } from '../capacity/agent.entity.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { DATABASE, FRESH } from '../parts.js';

export interface Waiting {
  id: string;
  groupId: string;
  pendingReason: PendingReason;
  sequence: number;
  episode: number;
  returnedBy: string | null;
}

/** Out of hours nobody is asked; in a flow (`icr`) a bot still has it. */
const ROUTED = ['in-queue', 'agents-offline', 'returned'] as const satisfies readonly PendingReason[];
const A_ROUND = 200;

/** Who waits, and who could take it. */
@Injectable()
export class WaitingList {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly configuration: ConfigurationStore,
  ) {}

  async tenants(): Promise<string[]> {
    return this.database.acrossTenants(async (em) => {
      const rows = await em.execute<{ tenant: string }[]>(
        `select distinct tenant from conversation where status = 'pending'`,
      );
      return rows.map(({ tenant }) => tenant);
    });
  }

  /** The longest-waiting first; without those that are decided upon already and whose log is on its way. */
  async of(tenant: string): Promise<Waiting[]> {
    return this.database.inTenant(tenant, (em) =>
      em.execute<Waiting[]>(
        `select c.id, c.group_id as "groupId", c.pending_reason as "pendingReason", c.sequence, c.episode,
                c.returned_by as "returnedBy"
         from conversation c left join decided d on d.tenant = c.tenant and d.conversation_id = c.id
         where c.tenant = ? and c.status = 'pending' and c.pending_reason in (?)
           and c.sequence >= coalesce(d.sequence, 0)
         order by c.pending_since, c.id limit ?`,
        [tenant, [...ROUTED], A_ROUND],
      ),
    );
  }

  async candidates(tenant: string): Promise<Candidate[]> {
    const known = await this.configuration.of(tenant);
    return this.database.inTenant(tenant, async (em) => {
      const agents = await em.find(AgentRow, { tenant, status: 'online' }, FRESH);
      const held = await em.execute<{ agent_id: string; held: string }[]>(
        `select agent_id, count(distinct conversation_id) as held from lease
         where tenant = ? and state <> 'freed' group by agent_id`,
        [tenant],
      );
      const heldBy = new Map(held.map((row) => [row.agent_id, Number(row.held)]));
      return agents.map((agent) => ({
        agentId: agent.id,
        online: true,
        accepts: agent.accepts,
        groups: known.groupsOf(agent.id),
        held: heldBy.get(agent.id) ?? 0,
        limit: agent.messagingLimit,
        lastAssignedAt: agent.lastAssignedAt?.toISOString() ?? null,
      }));
    });
  }
}
