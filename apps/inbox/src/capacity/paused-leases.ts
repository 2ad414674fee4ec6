import { Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Lease } from '@parley/contracts/command';
import type { PausedRoom } from '@parley/contracts/protocol';
import { FRESH } from '../parts.js';
import type { Activity } from './activity.js';
import { giveBack, leaseFreed, type LeaseKey, markUsed } from './ledger.js';
import { LeaseRow } from './lease.entity.js';
import { Leases } from './leases.js';

/** Longer than a dispatcher holds a thread: whoever takes it over settles the lease with the message. */
const SETTLED_WITHIN_MS = 30_000;

/** mission.md, "message of the visitor on paused": back to its agent if there is room, decided at once. */
@Injectable()
export class PausedLeases {
  constructor(private readonly leases: Leases) {}

  take(tenant: string, paused: PausedRoom, messageId: string): Promise<Lease> {
    const { agentId, ...conversation } = paused;
    const settleAt = new Date(Date.now() + SETTLED_WITHIN_MS);
    const wanted = { ...conversation, tenant, requestId: requestOf(messageId), request: null, settleAt };
    return this.leases.take(wanted, { agentId, group: null });
  }

  /**
   * Taken by a dispatcher that was frozen, for a message that has its place by then: nobody settles it any more. While
   * the message waits it stays, for both are settled together.
   */
  giveBackStray(key: LeaseKey): Promise<void> {
    return this.leases.change(key.tenant, async (em) => {
      const rows = await em.execute<{ agent_id: string }[]>(
        `update lease set state = 'freed', freed_at = now(), settle_at = null
         where tenant = ? and conversation_id = ? and episode = ? and request_id = ? and state = 'granted'
           and not exists (select 1 from message where message.tenant = lease.tenant and message.id = substr(request_id, 5)
             and message.state in ('stored', 'handed'))
         returning agent_id`,
        [key.tenant, key.conversationId, key.episode, key.requestId],
      );
      return rows.map((row) => leaseFreed(row.agent_id, key.conversationId));
    });
  }
}

/**
 * In the transaction that keeps the message's place: the room that it brought along is in use, or given back. By the
 * message's name, for an earlier attempt may have brought it.
 */
export async function settlePausedLease(
  em: EntityManager,
  tenant: string,
  messageId: string,
  used: { sequence: number } | undefined,
): Promise<Activity[]> {
  const rows = await em.find(LeaseRow, { tenant, requestId: requestOf(messageId), state: 'granted' }, FRESH);
  const activity: Activity[] = [];
  for (const row of rows) {
    if (used) await markUsed(em, row, used.sequence);
    else activity.push(...(await giveBack(em, row)));
  }
  return activity;
}

const requestOf = (messageId: string): string => `msg:${messageId}`;
