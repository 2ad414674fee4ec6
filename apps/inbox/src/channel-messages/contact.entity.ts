import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** Who writes on a channel. The channel's own id stands here only as a keyed hash and, sealed, in `profile`. */
export const ContactRow = defineEntity({
  name: 'Contact',
  tableName: 'contact',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    channelAccount: p.text(),
    externalKey: p.text(),
    /** Sealed {@link Profile}. */
    profile: p.blob().$type<Buffer>(),
    language: p.text().nullable(),
    online: p.boolean(),
    authenticated: p.boolean(),
    createdAt: p.datetime(),
  },
});
export type ContactRow = InferEntity<typeof ContactRow>;
