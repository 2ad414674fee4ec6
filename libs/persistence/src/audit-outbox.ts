import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor, Caller } from '@parley/contracts/actor';
import type { AuditRecord } from '@parley/contracts/audit';
import { TOPICS } from '@parley/contracts/envelope';
import { threadOf } from '@parley/contracts/identifiers';
import { auditRecord } from '@parley/lifecycle-log/lifecycle-record';
import { RefusalAudit, type RefusedRequest } from '@parley/service/refusal-audit';
import { requestContext } from '@parley/service/request-context';
import type { Database } from './database.js';
import { addToOutbox } from './outbox.js';

type About = Pick<AuditRecord, 'type' | 'actor' | 'act' | 'conversationId' | 'reason' | 'commandid'>;

/** What a service refused and what was administered there, on its way to `conversation.audit.v1`; admin serves it. */
export class AuditOutbox extends RefusalAudit {
  constructor(
    private readonly database: Database,
    private readonly publicUrl: string,
  ) {
    super();
  }

  override async refused({ tenant, commandId: commandid, ...rest }: RefusedRequest): Promise<void> {
    const { actor, act, conversationId, reason } = rest;
    const about: About = { type: 'audit.command-refused', actor, act, conversationId, reason, commandid };
    await this.database.inTenant(tenant, (em) => this.#add(em, tenant, about));
  }

  /** In the transaction of the act, the last thing in it: recorded if and only if it happened. */
  async acted(em: EntityManager, tenant: string, by: Caller, act: string, what: string): Promise<void> {
    const { commandId: commandid = null } = requestContext();
    const about = { actor: actorOf(by), act, conversationId: null, reason: what, commandid };
    await this.#add(em, tenant, { type: 'audit.administrative-act', ...about });
  }

  async #add(em: EntityManager, tenantid: string, about: About): Promise<void> {
    const time = new Date().toISOString();
    const threadid = about.conversationId === null ? null : (threadOf(about.conversationId) ?? null);
    const record = { id: `aud_${randomUUID()}`, time, tenantid, service: this.database.service, threadid, ...about };
    await addToOutbox(em, TOPICS.audit, [auditRecord(record, time, this.publicUrl)]);
  }
}

const actorOf = ({ kind, id, role }: Caller): Actor => ({ kind, id, role });
