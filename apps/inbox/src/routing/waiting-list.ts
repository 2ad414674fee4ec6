import { Inject, Injectable } from '@nestjs/common';
import type { PendingReason } from '@parley/contracts/conversation';
import { type Candidate, chooseAgent } from '@parley/domain/routing';
import type { Database } from '@parley/persistence/database';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { DATABASE } from '../parts.js';

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

interface Online extends Pick<Candidate, 'accepts' | 'limit'> {
  id: string;
  held: string;
  lastAssignedAt: string | null;
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
    const rows = await this.database
      .statementsAcross()
      .execute<{ tenant: string }>(`select distinct tenant from conversation where status = 'pending'`);
    return rows.map(({ tenant }) => tenant);
  }

  /**
   * A page of those for whom there is something to do, the longest-waiting first: a group of theirs has room, or they are
   * told the wrong reason. Without those that are decided upon already and whose log is on its way, or of whose
   * assignment nobody knows yet what came of it (its lease is settled first).
   */
  async after(last: Waiting | undefined, tenant: string, candidates: readonly Candidate[]): Promise<Waiting[]> {
    const staffed = [...new Set(candidates.flatMap(({ groups }) => groups))];
    const roomy = staffed.filter((group) => chooseAgent(candidates, group).kind === 'agent');
    return this.database.statements(tenant).execute<Waiting>(
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
    );
  }

  async candidates(tenant: string): Promise<Candidate[]> {
    const known = await this.configuration.of(tenant);
    const agents = await this.database.statements(tenant).execute<Online>(
      `select id, accepts, messaging_limit as limit, last_assigned_at as "lastAssignedAt", (
         select count(distinct conversation_id) from lease
         where lease.tenant = agent.tenant and agent_id = agent.id and state <> 'freed') as held
       from agent where tenant = ? and status = 'online'`,
      [tenant],
    );
    return agents.map(({ id, accepts, limit, held, lastAssignedAt }) => ({
      agentId: id,
      online: true,
      accepts,
      groups: known.groupsOf(id),
      held: Number(held),
      limit,
      lastAssignedAt: lastAssignedAt && new Date(lastAssignedAt).toISOString(),
    }));
  }
}
