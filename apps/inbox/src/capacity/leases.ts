import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Lease } from '@parley/contracts/command';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { SETTINGS } from '@parley/service/tokens';
import type { Reply } from '@parley/temporal/patience';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { showCapacity } from '../desk/desk-changes.js';
import { DATABASE, FRESH, HEARD } from '../parts.js';
import { type Activity, publishActivity } from './activity.js';
import { AgentRow } from './agent.entity.js';
import { giveBack, grant, heldBy, type LeaseKey, markUsed, type Wanted } from './ledger.js';

export interface Target {
  agentId: string;
  /** Whose member the agent must be; null: it is the agent's own already. */
  group: string | null;
}

/** Lease first (architecture.md, decision 12): room is taken in our own database before the Update is sent. */
@Injectable()
export class Leases {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly configuration: ConfigurationStore,
  ) {}

  /** What `take` would answer, without taking. */
  async wouldGive(key: Omit<LeaseKey, 'requestId'>, target: Target): Promise<Lease> {
    const { tenant, conversationId } = key;
    if (!(await this.#isMember(tenant, target))) return { refused: 'TARGET_UNAVAILABLE' };
    return this.database.inTenant(tenant, async (em) => {
      const agent = await em.findOne(AgentRow, { tenant, id: target.agentId }, FRESH);
      if (!agent || agent.status === 'offline') return { refused: 'TARGET_UNAVAILABLE' as const };
      const held = await heldBy(em, tenant, target.agentId, conversationId);
      return held < agent.messagingLimit ? { granted: 'dry-run' } : { refused: 'CAPACITY_FULL' as const };
    });
  }

  async take(wanted: Omit<Wanted, 'agentId'>, target: Target): Promise<Lease> {
    const { tenant } = wanted;
    if (!(await this.#isMember(tenant, target))) return { refused: 'TARGET_UNAVAILABLE' };
    return this.database.inTenant(tenant, async (em) => {
      const { lease, activity } = await grant(em, { ...wanted, agentId: target.agentId });
      await this.#tell(em, tenant, activity);
      return lease;
    });
  }

  /** What became of the Update that it was sent with; an unknown outcome leaves it as it is, to be asked again. */
  async settle(key: LeaseKey, agentId: string, reply: Reply<CommandUpdateAnswer>): Promise<void> {
    if (reply.kind === 'unknown-outcome') return;
    const answer = reply.kind === 'answer' && reply.answer.kind === 'done' ? reply.answer : undefined;
    const isUsed = answer !== undefined && (answer.held === agentId || answer.conversation.assignedTo === agentId);
    await this.database.inTenant(key.tenant, async (em) => {
      if (isUsed) await markUsed(em, key, answer.sequence);
      else await this.#tell(em, key.tenant, await giveBack(em, key));
    });
  }

  async #tell(em: EntityManager, tenant: string, activity: readonly Activity[]): Promise<void> {
    if (activity.some(({ type }) => type === 'agent.lease-freed')) await notify(em, HEARD.router, tenant);
    await showCapacity(
      em,
      tenant,
      activity.map(({ agentId }) => agentId),
    );
    await publishActivity(em, this.settings.PUBLIC_URL, tenant, activity);
  }

  async #isMember(tenant: string, { agentId, group }: Target): Promise<boolean> {
    return group === null || (await this.configuration.of(tenant)).isMember(agentId, group);
  }
}
