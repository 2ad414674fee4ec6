import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** The newest value of each key of `parley.configuration.v1`, whoever wrote it. */
export const ConfigurationRow = defineEntity({
  name: 'Configuration',
  tableName: 'configuration',
  properties: {
    tenant: p.text().primary(),
    kind: p.text().primary(),
    key: p.text().primary(),
    version: p.integer(),
    value: p.json().$type<unknown>(),
  },
});
export type ConfigurationRow = InferEntity<typeof ConfigurationRow>;

/** Channel accounts are ours: the source of what the log says of them, with the secret that never travels. */
export const ChannelAccountRow = defineEntity({
  name: 'ChannelAccount',
  tableName: 'channel_account',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    kind: p.text().$type<'site' | 'third-party'>(),
    defaultCampaign: p.text(),
    policy: p.text(),
    surveyOn: p.boolean(),
    deliveryUrl: p.text().nullable(),
    hookId: p.text(),
    /** Sealed. */
    secret: p.blob().$type<Buffer>(),
    version: p.integer(),
    withdrawn: p.boolean(),
  },
});
export type ChannelAccountRow = InferEntity<typeof ChannelAccountRow>;
