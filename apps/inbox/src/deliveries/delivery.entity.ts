import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** An agent's message on its way out; in order per thread, so only the first that waits is tried. */
export const DeliveryRow = defineEntity({
  name: 'Delivery',
  tableName: 'delivery',
  properties: {
    tenant: p.text().primary(),
    messageId: p.text().primary(),
    threadId: p.text(),
    position: p.integer(),
    channelAccount: p.text(),
    state: p.text().$type<'waiting' | 'delivered' | 'failed'>(),
    attempts: p.integer(),
    nextAttemptAt: p.datetime(),
    /** Until then another process is trying it. */
    leasedUntil: p.datetime().nullable(),
    lastOutcome: p.text().nullable(),
    createdAt: p.datetime(),
  },
});
export type DeliveryRow = InferEntity<typeof DeliveryRow>;
