import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Lease } from '@parley/contracts/command';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { SETTINGS } from '@parley/service/tokens';
import type { Reply } from '@parley/temporal/patience';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { DATABASE, FRESH } from '../parts.js';
import { type Activity, tellRoom } from './activity.js';
import { AgentRow } from './agent.entity.js';
import type { LeaseCommand } from './lease.entity.js';
import { giveBack, grant, heldBy, type LeaseKey, markUsed, type Wanted, withdraw } from './ledger.js';

export interface Target {
  agentId: string;
  /** Whose member the agent must be; null: it is the agent's own already. */
  group: string | null;
}

/** The caller has its answer, or its 504, by then. */
const SETTLED_BY_CALLER_MS = 8_000;

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

  /** For an Update that is about to be sent; should its outcome stay unknown, it is asked again with this lease. */
  takeFor(key: LeaseKey, command: LeaseCommand, target: Target): Promise<Lease> {
    const request = { ...command, lease: { granted: key.requestId } };
    return this.take({ ...key, request, settleAt: new Date(Date.now() + SETTLED_BY_CALLER_MS) }, target);
  }

  async take(wanted: Omit<Wanted, 'agentId'>, target: Target): Promise<Lease> {
    const { tenant } = wanted;
    if (!(await this.#isMember(tenant, target))) return { refused: 'TARGET_UNAVAILABLE' };
    return this.database.inTenant(tenant, async (em) => {
      const { lease, activity } = await grant(em, { ...wanted, agentId: target.agentId });
      await tellRoom(em, this.settings.PUBLIC_URL, tenant, activity);
      return lease;
    });
  }

  /** What became of the Update that it was sent with; an unknown outcome leaves it as it is, to be asked again. */
  async settle(
    key: LeaseKey,
    agentId: string,
    reply: Reply<CommandUpdateAnswer>,
    by: 'router' | 'others' = 'others',
  ): Promise<void> {
    if (reply.kind === 'unknown-outcome') return;
    const answer = reply.kind === 'answer' && reply.answer.kind === 'done' ? reply.answer : undefined;
    const isUsed = answer !== undefined && (answer.held === agentId || answer.conversation.assignedTo === agentId);
    if (!isUsed) return this.giveBack(key, by);
    await markUsed(this.database.statements(key.tenant), key, answer.sequence);
  }

  /** What it was taken for came to nothing. */
  giveBack(key: LeaseKey, by: 'router' | 'others' = 'others'): Promise<void> {
    return this.change(key.tenant, (em) => giveBack(em, key), by);
  }

  /** The conversation asked for it and waits no longer: a grant that is still on its way comes to nothing, too. */
  withdraw(key: LeaseKey & { agentId: string }): Promise<void> {
    return this.change(key.tenant, (em) => withdraw(em, key));
  }

  /** What is done to the ledger in one transaction, told to whom it concerns. */
  change(
    tenant: string,
    work: (em: EntityManager) => Promise<Activity[]>,
    by: 'router' | 'others' = 'others',
  ): Promise<void> {
    return this.database.inTenant(tenant, async (em) =>
      tellRoom(em, this.settings.PUBLIC_URL, tenant, await work(em), by),
    );
  }

  async #isMember(tenant: string, { agentId, group }: Target): Promise<boolean> {
    return group === null || (await this.configuration.of(tenant)).isMember(agentId, group);
  }
}
