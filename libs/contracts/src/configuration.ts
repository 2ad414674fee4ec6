import { z } from 'zod';
import { Policy } from './policy.js';
import { Instant, Slug, TagSlug } from './primitives.js';

/** What `parley.configuration.v1` carries: one value a key `tenant/kind/id`, compacted; every service folds it. */
export const CONFIGURATION = {
  policy: Policy,
  'channel-account': z.strictObject({
    id: Slug,
    kind: z.enum(['site', 'third-party']),
    defaultCampaign: Slug,
    policy: Slug,
    surveyOn: z.boolean(),
    /** Where agents' messages leave, on a third-party account; null: nowhere. */
    deliveryUrl: z.url().nullable(),
    /** `POST /hooks/{hookId}`; its secret never travels: inbox keeps it, encrypted. */
    hookId: z.string().nullable(),
  }),
  campaign: z.strictObject({
    id: Slug,
    name: z.string().max(200),
    /** Overrides the channel account's policy; null: inherits. */
    policy: Slug.nullable(),
    groups: z.array(Slug).max(50),
    paidPerConversation: z.boolean(),
  }),
  group: z.strictObject({ id: Slug, name: z.string().max(200), members: z.array(z.string()).max(2000) }),
  person: z.strictObject({ id: z.string(), name: z.string().max(200), role: z.string().max(50) }),
  category: z.strictObject({ id: Slug, name: z.string().max(200), archived: z.boolean() }),
  subcategory: z.strictObject({ id: Slug, category: Slug, name: z.string().max(200), archived: z.boolean() }),
  /** `id` is the slug that stands in events. */
  tag: z.strictObject({ id: TagSlug, name: z.string().max(64), category: Slug.nullable(), archived: z.boolean() }),
  /** A tag that an agent made on the spot (B4); written by inbox, for admin alone writes `tag`. */
  'spot-tag': z.strictObject({ id: TagSlug, name: z.string().max(64) }),
} as const;
export type ConfigurationKind = keyof typeof CONFIGURATION;
export type ConfigurationValue<K extends ConfigurationKind> = z.infer<(typeof CONFIGURATION)[K]>;

/** One record; `value: null` withdraws it (the record itself is never without a value). */
export const ConfigurationRecord = z.looseObject({
  id: z.string(),
  type: z.literal('parley.configuration-changed'),
  time: Instant,
  tenantid: z.string(),
  kind: z.string(),
  key: z.string(),
  version: z.int().min(1),
  value: z.unknown(),
});
export type ConfigurationRecord = {
  id: string;
  type: 'parley.configuration-changed';
  time: string;
  tenantid: string;
  kind: ConfigurationKind;
  key: string;
  version: number;
  value: unknown;
};

export type ChannelAccount = ConfigurationValue<'channel-account'>;
export type Campaign = ConfigurationValue<'campaign'>;
export type Group = ConfigurationValue<'group'>;
export type Person = ConfigurationValue<'person'>;
export type Category = ConfigurationValue<'category'>;
export type Subcategory = ConfigurationValue<'subcategory'>;
export type Tag = ConfigurationValue<'tag'>;
