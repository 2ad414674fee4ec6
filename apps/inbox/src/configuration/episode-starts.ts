import { Injectable } from '@nestjs/common';
import { OnlineAgents } from '../presence/online-agents.js';
import { ConfigurationStore } from './configuration.store.js';
import { type Resolved, resolveEpisode } from './episode-start.js';

/** What an episode would begin with now. */
@Injectable()
export class EpisodeStarts {
  constructor(
    private readonly online: OnlineAgents,
    private readonly configuration: ConfigurationStore,
  ) {}

  async resolve(
    tenant: string,
    accountId: string,
    contactId: string,
    wishedCampaign: string | null,
  ): Promise<Resolved> {
    const snapshot = await this.configuration.of(tenant);
    const online = await this.online.of(tenant);
    const known = {
      account: snapshot.account(accountId),
      campaign: snapshot.campaign,
      policy: snapshot.policy,
      hasPolicies: snapshot.hasPolicies,
      isSomebodyOnline: (group: string) => online.some((agent) => snapshot.isMember(agent, group)),
    };
    return resolveEpisode(known, contactId, wishedCampaign);
  }
}
