import type { EntityManager } from '@mikro-orm/postgresql';

export interface ThreadName {
  tenant: string;
  threadId: string;
  channelAccount: string;
  contactId: string;
}

/**
 * Locks the thread until the transaction ends, makes it when it is new, and gives the next position in it. The thread
 * then waits for a dispatcher; one that is held back already keeps its turn. Parameters: tenant, thread, account, contact.
 */
export const LOCK_THREAD = `
  insert into thread as known (tenant, id, channel_account, contact_id, last_position, waiting)
  values (?, ?, ?, ?, 1, true)
  on conflict (tenant, id) do update set
    last_position = known.last_position + 1, waiting = true,
    next_attempt_at = case when known.waiting then known.next_attempt_at else now() end
  returning last_position`;

export async function lockThread(
  em: EntityManager,
  { tenant, threadId, channelAccount, contactId }: ThreadName,
): Promise<number> {
  const [row] = await em.execute<{ last_position: number }[]>(LOCK_THREAD, [
    tenant,
    threadId,
    channelAccount,
    contactId,
  ]);
  if (!row) throw new Error(`The thread ${threadId} gave no position.`);
  return row.last_position;
}
