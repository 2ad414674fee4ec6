import type { Conversation } from '@parley/contracts/state';
import type { Executes, Statements } from '@parley/persistence/database';

/** An answer told how far the life has come; what we read of it from now on must not be older. */
export async function noteDecided(
  em: Executes,
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

/** The conversation as we folded it; undefined when that is behind what our own commands were told. */
export async function upToDate(
  database: Statements,
  tenant: string,
  conversationId: string,
): Promise<Conversation | undefined> {
  const [row] = await database.execute<{ state: Conversation }>(
    `select c.state from conversation c left join decided d on d.tenant = c.tenant and d.conversation_id = c.id
     where c.tenant = ? and c.id = ? and c.sequence >= coalesce(d.sequence, 0)`,
    [tenant, conversationId],
  );
  return row?.state;
}
