import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { ChannelAccountBody } from '@parley/contracts/inbox-http';
import type { Settings } from '@parley/contracts/settings';
import { SERVICE_LOG, SETTINGS, type ServiceLog } from '@parley/service/tokens';
import { ChannelAccounts } from '../configuration/channel-accounts.js';

/** contract.md, *Seeded*: each account with a default campaign of the same name; admin seeds campaigns, groups, policies. */
const ACCOUNTS = [
  { tenant: 'demo', id: 'site', kind: 'site', policy: 'iadvize-onsite', surveyOn: true },
  { tenant: 'demo', id: 'whatsapp', kind: 'third-party', policy: 'iadvize-social', surveyOn: true },
  { tenant: 'demo', id: 'whatsapp-fast', kind: 'third-party', policy: 'iadvize-social-fast', surveyOn: true },
  { tenant: 'demo', id: 'campaign-1', kind: 'third-party', policy: 'sellia-campaign', surveyOn: false },
  { tenant: 'demo', id: 'campaign-2', kind: 'third-party', policy: 'sellia-campaign', surveyOn: false },
  { tenant: 'demo', id: 'messaging', kind: 'third-party', policy: 'zendesk-messaging', surveyOn: false },
  { tenant: 'demo', id: 'messaging-off', kind: 'third-party', policy: 'zendesk-messaging-off', surveyOn: false },
  { tenant: 'other', id: 'site', kind: 'site', policy: 'iadvize-onsite', surveyOn: true },
] as const;

/** Once: an account that somebody changed or withdrew stays so. */
@Injectable()
export class Seed implements OnApplicationBootstrap {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly accounts: ChannelAccounts,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.PARLEY_SEED !== 'demo') return;
    for (const { tenant, ...account } of ACCOUNTS) {
      const made = await this.accounts.create({ ...account, ...this.#ways(account) }, { tenant, by: 'seed' });
      if (made) this.log.info({ tenant, channelAccount: account.id }, 'channel account seeded');
    }
  }

  #ways({
    id,
    kind,
  }: Pick<ChannelAccountBody, 'id' | 'kind'>): Pick<ChannelAccountBody, 'defaultCampaign' | 'deliveryUrl'> {
    const deliveryUrl = kind === 'third-party' ? (this.settings.PARLEY_SEED_DELIVERY_URL ?? null) : null;
    return { defaultCampaign: id, deliveryUrl };
  }
}
