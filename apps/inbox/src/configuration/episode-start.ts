import type { Campaign, ChannelAccount } from '@parley/contracts/configuration';
import type { EpisodeStart } from '@parley/contracts/command';
import { type Policy, PresetName } from '@parley/contracts/policy';
import { presets } from '@parley/domain/presets';

/** What the folded configuration knows, as the start of an episode asks for it. */
export interface Known {
  account: ChannelAccount | undefined;
  campaign(id: string): Campaign | undefined;
  policy(name: string): Policy | undefined;
  /** None: nobody administers this tenant's policies, and the presets hold as they ship. */
  hasPolicies: boolean;
  isSomebodyOnline(group: string): boolean;
}

export type Resolved = { kind: 'resolved'; start: EpisodeStart } | { kind: 'missing'; what: string };

const missing = (what: string): Resolved => ({ kind: 'missing', what });

/**
 * Policy ← campaign ← channel account (mission.md). What the configuration names but we have not folded is not guessed
 * at: the thread is held until it comes, for an episode keeps the policy that it begins with.
 */
export function resolveEpisode(known: Known, contactId: string, wishedCampaign: string | null): Resolved {
  const { account } = known;
  if (!account) return missing('channel account');
  const wished = wishedCampaign === null ? undefined : known.campaign(wishedCampaign);
  const campaign = wished ?? known.campaign(account.defaultCampaign);
  if (!campaign) return missing(`campaign ${account.defaultCampaign}`);
  const policyName = campaign.policy ?? account.policy;
  const policy = policyNamed(known, policyName);
  if (!policy) return missing(`policy ${policyName}`);
  const [group] = campaign.groups;
  if (group === undefined) return missing(`group of campaign ${campaign.id}`);
  return {
    kind: 'resolved',
    start: {
      policy,
      channelAccount: account.id,
      channelKind: account.kind,
      surveyOn: account.surveyOn,
      campaign: campaign.id,
      paidPerConversation: campaign.paidPerConversation,
      group,
      contactId,
      pendingReason: known.isSomebodyOnline(group) ? 'in-queue' : 'agents-offline',
    },
  };
}

export const policyNamed = (known: Pick<Known, 'policy' | 'hasPolicies'>, name: string): Policy | undefined =>
  known.policy(name) ?? (known.hasPolicies ? undefined : presetOf(name));

function presetOf(name: string): Policy | undefined {
  const preset = PresetName.safeParse(name);
  return preset.success ? { name, version: 1, ...presets[preset.data] } : undefined;
}
