import type { EntityManager } from '@mikro-orm/postgresql';
import { DecidedRow } from './conversation.entity.js';
import { FRESH } from '../parts.js';

/** An answer told how far the life has come; what we read of it from now on must not be older. */
export async function noteDecided(
  em: EntityManager,
  tenant: string,
  conversationId: string,
  sequence: number,
): Promise<void> {
  await em.execute(
    `insert into decided as known (tenant, conversation_id, sequence) values (?, ?, ?)
     on conflict (tenant, conversation_id) do update set sequence = greatest(known.sequence, excluded.sequence)`,
    [tenant, conversationId, sequence],
  );
}

/** Whether the fold, standing at `sequence`, is behind what our own commands were told. */
export async function isBehind(
  em: EntityManager,
  tenant: string,
  conversationId: string,
  sequence: number,
): Promise<boolean> {
  const row = await em.findOne(DecidedRow, { tenant, conversationId }, FRESH);
  return row !== null && row.sequence > sequence;
}
