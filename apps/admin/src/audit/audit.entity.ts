import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { AuditRecord } from '@parley/contracts/audit';

/** `conversation.audit.v1` as it came; only ever added to. */
export const AuditRow = defineEntity({
  name: 'Audit',
  tableName: 'audit',
  properties: {
    tenant: p.text().primary(),
    id: p.text().primary(),
    time: p.text(),
    type: p.text().$type<AuditRecord['type']>(),
    service: p.text(),
    act: p.text(),
    actorId: p.text().nullable(),
    conversationId: p.text().nullable(),
    reason: p.text().nullable(),
    record: p.json().$type<AuditRecord>(),
  },
});
export type AuditRow = InferEntity<typeof AuditRow>;
