import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { AgentCapacity, AgentPresence, CapacityBody, CapacityView } from '@parley/contracts/inbox-http';
import { Id } from '@parley/contracts/primitives';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { problem, reasonProblem } from '@parley/service/problem';
import { SETTINGS } from '@parley/service/tokens';
import { AuditOutbox } from '@parley/persistence/audit-outbox';
import { type Activity, publishActivity } from '../capacity/activity.js';
import { AgentRow } from '../capacity/agent.entity.js';
import { heldBy, lockAgent } from '../capacity/ledger.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { showCapacity } from '../desk/desk-changes.js';
import { notifyAll } from '../notices.js';
import { DATABASE, FRESH } from '../parts.js';

const FROM_THE_START: AgentPresence = { status: 'offline', accepts: 'automatic' };
const ROOM_FROM_THE_START = { messagingLimit: 5, emailLimit: 5 };

/** Who is there, and how much room they have. Presence stays as it was set. */
@Injectable()
export class Presence {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly configuration: ConfigurationStore,
    private readonly audit: AuditOutbox,
  ) {}

  async of(tenant: string, agentId: string): Promise<AgentPresence> {
    const row = await this.database.inTenant(tenant, (em) => em.findOne(AgentRow, { tenant, id: agentId }, FRESH));
    return row ? { status: row.status, accepts: row.accepts } : FROM_THE_START;
  }

  async set(tenant: string, agentId: string, presence: AgentPresence): Promise<AgentPresence> {
    await this.#change(tenant, agentId, presence, { type: 'agent.presence-set', agentId, data: { ...presence } });
    return presence;
  }

  async capacityOf(tenant: string, agentId: string): Promise<AgentCapacity> {
    const { messaging, email } = await this.database.inTenant(tenant, (em) => roomOf(em, tenant, agentId));
    return { messaging: messaging.limit, email: email.limit, held: { messaging: messaging.held, email: email.held } };
  }

  /** A lower limit takes nothing away. */
  async setCapacity(
    tenant: string,
    agentId: string,
    { messaging, email }: CapacityBody,
    by: Caller,
  ): Promise<AgentCapacity> {
    const limits = { messagingLimit: messaging, emailLimit: email };
    const activity = { type: 'agent.capacity-set', agentId, data: { messaging, email } } as const;
    await this.#change(tenant, agentId, limits, activity, (em) =>
      this.audit.acted(em, tenant, by, 'capacity.set', `${agentId} messaging ${messaging}, email ${email}`),
    );
    return this.capacityOf(tenant, agentId);
  }

  /** An agent reads its own; above that, who reaches one of the agent's groups. @throws 404, 403 */
  async reachAgent(tenant: string, agentId: string, caller: Caller): Promise<void> {
    if (caller.role === 'agent' && caller.id === agentId) return;
    if (caller.role === 'agent') throw reasonProblem('FORBIDDEN_SCOPE');
    const known = await this.configuration.of(tenant);
    if (!Id.safeParse(agentId).success || !known.isAgent(agentId)) throw problem(404, 'not-found');
    const groups = known.groupsOf(agentId);
    const isReached =
      caller.scopes.includes('tenant') ||
      groups.some((group) => caller.scopes.includes(`team:${group}`)) ||
      known.campaignsOf(groups).some((campaign) => caller.scopes.includes(`campaign:${campaign}`));
    if (!isReached) throw reasonProblem('FORBIDDEN_SCOPE');
  }

  #change(
    tenant: string,
    agentId: string,
    change: Partial<AgentRow>,
    activity: Activity,
    also?: (em: EntityManager) => Promise<void>,
  ): Promise<void> {
    return this.database.inTenant(tenant, async (em) => {
      await lockAgent(em, tenant, agentId);
      await em.nativeUpdate(AgentRow, { tenant, id: agentId }, change);
      await notifyAll(em, [
        ['presence', tenant],
        ['router', tenant],
      ]);
      await showCapacity(em, tenant, [agentId]);
      await publishActivity(em, this.settings.PUBLIC_URL, tenant, [activity]);
      await also?.(em);
    });
  }
}

/** E-mail room is never taken here: a ticket in wrap-up holds none (E5). */
export async function roomOf(em: EntityManager, tenant: string, agentId: string): Promise<CapacityView> {
  const row = await em.findOne(AgentRow, { tenant, id: agentId }, FRESH);
  const { messagingLimit, emailLimit } = row ?? ROOM_FROM_THE_START;
  const held = await heldBy(em, tenant, agentId);
  return { messaging: { held, limit: messagingLimit }, email: { held: 0, limit: emailLimit } };
}
