import { expect, test } from '@jest/globals';
import type { ChannelAccountBody } from '@parley/contracts/inbox-http';
import { presets } from '@parley/domain/presets';
import { CommandEndpoint } from '@parley/service/command-endpoint';
import { ProblemError } from '@parley/service/problem';
import { ChannelAccountEditor } from '../src/configuration/channel-account-editor.js';
import { Snapshot, type StoredValue } from '../src/configuration/snapshot.js';

const campaign = (id: string, ...groups: string[]): StoredValue => ({
  kind: 'campaign',
  key: id,
  value: { id, name: id, policy: null, groups, paidPerConversation: false },
});
const strict = { kind: 'policy', key: 'strict', value: { name: 'strict', version: 1, ...presets['iadvize-onsite'] } };
const campaigns = [campaign('site', 'support'), campaign('empty')];

const account: ChannelAccountBody = {
  ...{ id: 'new', kind: 'site', defaultCampaign: 'site', policy: 'strict', surveyOn: true, deliveryUrl: null },
};
const caller = { kind: 'supervisor', id: 'head', role: 'super-administrator', scopes: ['tenant'] };
const request = { key: 'k', fingerprint: 'f', dryRun: false, successStatus: 201, setHeader: () => undefined };
const edit = { tenant: 'demo', caller, request } as never;

/** What becomes of it as a new account and as a change of one; `kept`: what was written. */
async function asked(change: Partial<ChannelAccountBody>, stored: StoredValue[]): Promise<unknown> {
  const kept: string[] = [];
  const accounts = {
    find: async () => account,
    create: async () => (kept.push('created'), account),
    change: async () => (kept.push('changed'), account),
    secretOf: async () => null,
  };
  const configuration = { of: async () => new Snapshot(stored, new Map()) };
  const endpoint = new CommandEndpoint('inbox', { error: () => undefined } as never);
  const editor = new ChannelAccountEditor({} as never, endpoint, accounts as never, configuration as never);
  const { id, ...rest } = { ...account, ...change };
  const faults = (error: unknown): unknown => {
    if (!(error instanceof ProblemError)) throw error;
    return [error.status, ...(error.extras.errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`)];
  };
  const created = await editor.create(edit, { id, ...rest }).then(() => 'created', faults);
  const changed = await editor.replace(edit, id, rest).then(() => 'changed', faults);
  return JSON.stringify(created) === JSON.stringify(changed) ? { refused: created, kept } : { kept };
}

const fault = (...faults: string[]) => ({ refused: [422, ...faults], kept: [] });
const taken = { kept: ['created', 'changed'] };

test('an account names a campaign that is served and a policy, both known: else every message would be held', async () => {
  const stored = [...campaigns, strict];
  expect(await asked({}, stored)).toEqual(taken);
  expect(await asked({ policy: 'no-such-policy' }, stored)).toEqual(fault('/policy is not one of your policies'));
  expect(await asked({ defaultCampaign: 'nowhere' }, stored)).toEqual(
    fault('/defaultCampaign is not one of your campaigns'),
  );
  expect(await asked({ defaultCampaign: 'empty' }, stored)).toEqual(
    fault('/defaultCampaign has no group that serves it'),
  );
  expect(await asked({ defaultCampaign: 'nowhere', policy: 'none', deliveryUrl: 'https://a.example' }, stored)).toEqual(
    fault(
      '/defaultCampaign is not one of your campaigns',
      '/policy is not one of your policies',
      '/deliveryUrl is for third-party channels',
    ),
  );
});

test('presets are there as they ship until the tenant has policies of its own', async () => {
  expect(await asked({ policy: 'iadvize-social' }, campaigns)).toEqual(taken);
  expect(await asked({ policy: 'iadvize-social' }, [...campaigns, strict])).toEqual(
    fault('/policy is not one of your policies'),
  );
});
