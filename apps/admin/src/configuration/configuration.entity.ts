import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { ConfigurationKind } from '@parley/contracts/configuration';
import type { Policy } from '@parley/contracts/policy';

/** The newest value of each key: ours as they were written, other services' as the log told them. Null: withdrawn. */
export const ConfigurationRow = defineEntity({
  name: 'Configuration',
  tableName: 'configuration',
  properties: {
    tenant: p.text().primary(),
    kind: p.text().$type<ConfigurationKind>().primary(),
    key: p.text().primary(),
    version: p.integer(),
    value: p.json().$type<object>().nullable(),
    changedAt: p.text(),
    /** The newest version read back from `parley.configuration.v1`. */
    seenVersion: p.integer(),
  },
});
export type ConfigurationRow = InferEntity<typeof ConfigurationRow>;

/** Every version there ever was: conversations stay pinned to the one they began under. */
export const PolicyVersionRow = defineEntity({
  name: 'PolicyVersion',
  tableName: 'policy_version',
  properties: {
    tenant: p.text().primary(),
    name: p.text().primary(),
    version: p.integer().primary(),
    policy: p.json().$type<Policy>(),
    changedAt: p.text(),
  },
});
