import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Lease } from '@parley/contracts/command';
import type { PausedRoom } from '@parley/contracts/protocol';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { SETTINGS } from '@parley/service/tokens';
import { DATABASE, FRESH } from '../parts.js';
import { type Activity, publishActivity } from './activity.js';
import { giveBack, grant, markUsed } from './ledger.js';
import { LeaseRow } from './lease.entity.js';

/** Longer than the dispatcher holds a thread: whoever takes it over settles the lease with the message. */
const SETTLED_WITHIN_MS = 24 * 3_600_000;

/** mission.md, "message of the visitor on paused": back to its agent if there is room, decided at once. */
@Injectable()
export class PausedLeases {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  take(tenant: string, paused: PausedRoom, messageId: string): Promise<Lease> {
    return this.database.inTenant(tenant, async (em) => {
      const settleAt = new Date(Date.now() + SETTLED_WITHIN_MS);
      const wanted = { ...paused, tenant, requestId: requestOf(messageId), request: null, settleAt };
      const { lease, activity } = await grant(em, wanted);
      await publishActivity(em, this.settings.PUBLIC_URL, tenant, activity);
      return lease;
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
