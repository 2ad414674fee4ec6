import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { ChannelAccountBody, ChannelAccountChange, ChannelAccountView } from '@parley/contracts/inbox-http';
import type { FieldFault } from '@parley/contracts/problem';
import { mayCall } from '@parley/domain/access';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { etagOf, type CommandRequest } from '@parley/service/command-request';
import { CURSORS, type Cursors } from '@parley/service/cursor';
import { problem, reasonProblem } from '@parley/service/problem';
import type { Principal } from '@parley/service/request-context';
import { validationProblem } from '@parley/service/shape';
import { accountView, ChannelAccounts, type Act } from './channel-accounts.js';
import type { ChannelAccountRow } from './configuration.entity.js';
import { ConfigurationStore } from './configuration.store.js';
import { policyNamed } from './episode-start.js';
import type { Snapshot } from './snapshot.js';

interface Edit {
  tenant: string;
  caller: Caller;
  request: CommandRequest;
}

/** What administrators do with channel accounts; one who has only campaigns, with the accounts of those. */
@Injectable()
export class ChannelAccountEditor {
  constructor(
    @Inject(CURSORS) private readonly cursors: Cursors,
    private readonly endpoint: CommandEndpoint,
    private readonly accounts: ChannelAccounts,
    private readonly configuration: ConfigurationStore,
  ) {}

  async list(tenant: string, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
    const binding = { tenant, list: 'channel-accounts', filter: {}, sort: 'id' };
    const [after] = this.cursors.read(binding, cursor) ?? [];
    const rows = await this.accounts.list(tenant, String(after ?? ''), limit + 1);
    const items = rows.slice(0, limit).map((row) => accountView(row, null));
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? this.cursors.write(binding, [last.id]) : null };
  }

  async read({ tenant, roles, scopes }: Principal, id: string): Promise<ChannelAccountView> {
    const row = await this.accounts.find(tenant, id);
    const mayWrite =
      mayCall(roles, scopes, 'configuration.write') &&
      (scopes.includes('tenant') || scopes.includes(`campaign:${row.defaultCampaign}`));
    return accountView(row, mayWrite ? ((await this.accounts.secretOf(row)) ?? null) : null);
  }

  create(edit: Edit, body: ChannelAccountBody): Promise<ChannelAccountView> {
    return this.#edit(edit, [body.defaultCampaign], async (how) => {
      await this.#demandKnown(edit.tenant, body);
      const row = await this.accounts.create(body, how);
      if (row === undefined) throw problem(409, 'conflict', 'There is an account of this id.');
      return row;
    });
  }

  async replace(edit: Edit, id: string, change: ChannelAccountChange): Promise<ChannelAccountView> {
    const { defaultCampaign } = await this.accounts.find(edit.tenant, id);
    return this.#edit(edit, [defaultCampaign, change.defaultCampaign], async (how) => {
      await this.#demandKnown(edit.tenant, change);
      return this.accounts.change(change, { ...how, id });
    });
  }

  /** Answers what it was, under its last version. */
  async withdraw(edit: Edit, id: string): Promise<ChannelAccountView> {
    const { defaultCampaign } = await this.accounts.find(edit.tenant, id);
    return this.#edit(edit, [defaultCampaign], (how) => this.accounts.withdraw({ ...how, id }));
  }

  #edit(
    { tenant, caller, request }: Edit,
    campaigns: string[],
    act: (how: Omit<Act, 'id'>) => Promise<ChannelAccountRow>,
  ): Promise<ChannelAccountView> {
    const reach = async (): Promise<void> => {
      const isReached = (campaign: string): boolean => caller.scopes.includes(`campaign:${campaign}`);
      if (!caller.scopes.includes('tenant') && !campaigns.every(isReached)) throw reasonProblem('FORBIDDEN_SCOPE');
    };
    const how = { tenant, by: caller, ifVersion: request.ifSequence };
    const rehearse = async () => accountView(await act({ ...how, isRehearsal: true }), null);
    const perform = async () => {
      const row = await act(how);
      request.setHeader('ETag', etagOf(row.version));
      return accountView(row, (await this.accounts.secretOf(row)) ?? null);
    };
    return this.endpoint.keyed({ tenant, caller, request, reach, rehearse, perform });
  }

  async #demandKnown(tenant: string, change: ChannelAccountChange): Promise<void> {
    const faults = faultsOf(change, await this.configuration.of(tenant));
    if (faults.length > 0) throw validationProblem(faults);
  }
}

/** Whatever a conversation begins with must be there: for want of it every message would be held. */
function faultsOf(
  { defaultCampaign, policy, deliveryUrl, kind }: ChannelAccountChange,
  known: Pick<Snapshot, 'campaign' | 'policy' | 'hasPolicies'>,
): FieldFault[] {
  const campaign = known.campaign(defaultCampaign);
  const isServed = campaign !== undefined && campaign.groups.length > 0;
  return [
    ...(campaign ? [] : [{ pointer: '/defaultCampaign', detail: 'is not one of your campaigns' }]),
    ...(campaign && !isServed ? [{ pointer: '/defaultCampaign', detail: 'has no group that serves it' }] : []),
    ...(policyNamed(known, policy) ? [] : [{ pointer: '/policy', detail: 'is not one of your policies' }]),
    ...(deliveryUrl !== null && kind === 'site'
      ? [{ pointer: '/deliveryUrl', detail: 'is for third-party channels' }]
      : []),
  ];
}
