import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** A note (B5), stored before the command that names it; shown once the life's `notes` has its id. */
export const NoteRow = defineEntity({
  name: 'Note',
  tableName: 'note',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    conversationId: p.text(),
    contactId: p.text(),
    by: p.text().fieldName('written_by'),
    writtenAt: p.datetime(),
    body: p.blob().$type<Buffer>(),
  },
});
export type NoteRow = InferEntity<typeof NoteRow>;
