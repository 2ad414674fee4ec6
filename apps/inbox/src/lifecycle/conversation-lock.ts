import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * One at a time folds into a conversation, also before its row is there: else a message that is placed while the first
 * event arrives would be seen by neither. Held until the transaction ends; taken before leases, desks and the outbox.
 */
export async function lockConversation(em: EntityManager, tenant: string, conversationId: string): Promise<void> {
  await em.execute(`select pg_advisory_xact_lock(hashtextextended('conversation/' || ? || '/' || ?, 0))`, [
    tenant,
    conversationId,
  ]);
}
