import type { EntityManager } from '@mikro-orm/postgresql';
import { DeliveryRow } from './delivery.entity.js';

export const ACCOUNT_GONE = 'account withdrawn';

/** In the transaction that withdraws the account: what still waits for it goes nowhere, nor to one that takes its id. */
export async function giveUpDeliveries(em: EntityManager, tenant: string, channelAccount: string): Promise<void> {
  const given = { state: 'failed', lastOutcome: ACCOUNT_GONE, leasedUntil: null } as const;
  await em.nativeUpdate(DeliveryRow, { tenant, channelAccount, state: 'waiting' }, given);
}
