import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { AgentRow } from '../capacity/agent.entity.js';
import { DATABASE, FRESH } from '../parts.js';
import { ConfigurationStore } from './configuration.store.js';
import { type Resolved, resolveEpisode } from './episode-start.js';

/** What an episode would begin with now. */
@Injectable()
export class EpisodeStarts {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly configuration: ConfigurationStore,
  ) {}

  async resolve(
    tenant: string,
    accountId: string,
    contactId: string,
    wishedCampaign: string | null,
  ): Promise<Resolved> {
    const snapshot = await this.configuration.of(tenant);
    const online = await this.#online(tenant);
    const known = {
      account: snapshot.account(accountId),
      campaign: snapshot.campaign,
      policy: snapshot.policy,
      hasPolicies: snapshot.hasPolicies,
      isSomebodyOnline: (group: string) => online.some((agent) => snapshot.isMember(agent, group)),
    };
    return resolveEpisode(known, contactId, wishedCampaign);
  }

  async #online(tenant: string): Promise<string[]> {
    const agents = await this.database.inTenant(tenant, (em) =>
      em.find(AgentRow, { tenant, status: 'online' }, { ...FRESH, fields: ['id'] }),
    );
    return agents.map(({ id }) => id);
  }
}
