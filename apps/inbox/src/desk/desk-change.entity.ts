import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** What moved on desks, in the order of `position`; every replica streams from here. */
export const DeskChangeRow = defineEntity({
  name: 'DeskChange',
  tableName: 'desk_change',
  properties: {
    tenant: p.text(),
    id: p.bigint('string').primary(),
    /** Given right after the change was committed; null until then. */
    position: p.bigint('string').nullable(),
    kind: p.text().$type<'conversation' | 'capacity' | 'message'>(),
    conversationId: p.text().nullable(),
    messageId: p.text().nullable(),
    /** Who is concerned, whatever the group: assignees before and after, or whose capacity it is. */
    agents: p.array().$type<string[]>(),
    /** Whose picking lists may have changed. */
    groups: p.array().$type<string[]>(),
    at: p.datetime(),
  },
});
export type DeskChangeRow = InferEntity<typeof DeskChangeRow>;
