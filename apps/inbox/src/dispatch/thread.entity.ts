import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/**
 * One (tenant, channel account, contact): the order in which its messages were taken, and who dispatches
 * them now. A claim is an epoch and an instant until which it holds; every write of a result names the epoch.
 */
export const ThreadRow = defineEntity({
  name: 'Thread',
  tableName: 'thread',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    channelAccount: p.text(),
    contactId: p.text(),
    lastPosition: p.integer(),
    /** Some message of it was placed: a start needs the archive's row. */
    hasPast: p.boolean(),
    /** Has messages that no conversation has yet. */
    waiting: p.boolean(),
    nextAttemptAt: p.datetime(),
    attempts: p.integer(),
    /** Why it does not move, while it does not. */
    heldWhy: p.text().nullable(),
    heldSince: p.datetime().nullable(),
    owner: p.text().nullable(),
    epoch: p.integer(),
    leasedUntil: p.datetime().nullable(),
  },
});
export type ThreadRow = InferEntity<typeof ThreadRow>;
