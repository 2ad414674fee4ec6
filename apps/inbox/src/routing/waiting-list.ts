import { Inject, Injectable } from '@nestjs/common';
import type { PendingReason } from '@parley/contracts/conversation';
import { type Candidate, chooseAgent } from '@parley/domain/routing';
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
  /** Its place in the list. */
  since: string;
}

/** Out of hours nobody is asked; in a flow (`icr`) a bot still has it. */
const ROUTED = ['in-queue', 'agents-offline', 'returned'] as const satisfies readonly PendingReason[];
export const A_PAGE = 200;

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

  /**
   * A page of those for whom there is something to do, the longest-waiting first: a group of theirs has room, or they are
   * told the wrong reason. Without those that are decided upon already and whose log is on its way, or of whose
   * assignment nobody knows yet what came of it (its lease is settled first).
   */
  async after(last: Waiting | undefined, tenant: string, candidates: readonly Candidate[]): Promise<Waiting[]> {
    const staffed = [...new Set(candidates.flatMap(({ groups }) => groups))];
    const roomy = staffed.filter((group) => chooseAgent(candidates, group).kind === 'agent');
    return this.database.inTenant(tenant, (em) =>
      em.execute<Waiting[]>(
        `select c.id, c.group_id as "groupId", c.pending_reason as "pendingReason", c.sequence, c.episode,
                c.returned_by as "returnedBy", c.pending_since::text as since
         from conversation c left join decided d on d.tenant = c.tenant and d.conversation_id = c.id
         where c.tenant = ? and c.status = 'pending' and c.pending_reason in (?)
           and c.sequence >= coalesce(d.sequence, 0)
           and not exists (
             select 1 from lease l where l.tenant = c.tenant and l.conversation_id = c.id and l.episode = c.episode
               and l.state = 'granted' and l.request is not null)
           and (c.group_id in (select jsonb_array_elements_text(?::jsonb))
             or (c.pending_reason = 'agents-offline') = (c.group_id in (select jsonb_array_elements_text(?::jsonb))))
           and (c.pending_since, c.id) > (?::timestamptz, ?)
         order by c.pending_since, c.id limit ?`,
        [
          ...[tenant, [...ROUTED], JSON.stringify(roomy), JSON.stringify(staffed)],
          ...[last?.since ?? '-infinity', last?.id ?? '', A_PAGE],
        ],
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
