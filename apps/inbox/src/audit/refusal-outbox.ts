import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { TOPICS } from '@parley/contracts/envelope';
import { threadOf } from '@parley/contracts/identifiers';
import type { Settings } from '@parley/contracts/settings';
import { auditRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Database } from '@parley/persistence/database';
import { addToOutbox } from '@parley/persistence/outbox';
import { RefusalAudit, type RefusedRequest } from '@parley/service/refusal-audit';
import { SERVICE_NAME, SETTINGS } from '@parley/service/tokens';
import { DATABASE } from '../parts.js';

/** What we refused, on its way to `conversation.audit.v1`; admin serves it. */
@Injectable()
export class RefusalOutbox extends RefusalAudit {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(SERVICE_NAME) private readonly service: string,
  ) {
    super();
  }

  override async refused({ tenant, actor, act, conversationId, reason }: RefusedRequest): Promise<void> {
    const time = new Date().toISOString();
    const record = auditRecord(
      {
        id: `aud_${randomUUID()}`,
        type: 'audit.command-refused',
        time,
        tenantid: tenant,
        service: this.service,
        actor,
        act,
        conversationId,
        threadid: conversationId === null ? null : (threadOf(conversationId) ?? null),
        reason,
        commandid: null,
      },
      time,
      this.settings.PUBLIC_URL,
    );
    await this.database.inTenant(tenant, (em) => addToOutbox(em, TOPICS.audit, [record]));
  }
}
