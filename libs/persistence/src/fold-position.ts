import type { EntityManager } from '@mikro-orm/postgresql';

/** What a record is to a fold: the next one, one that has counted already, or one after a gap (an alarm: `last` is where it stands). */
export type Place = { kind: 'next' } | { kind: 'repeat' } | { kind: 'gap'; last: number };

/**
 * Takes a sequence for a fold, in the transaction that folds it: what makes a record count once is this row, never
 * memory (X3). Two handlers of one record: the second waits, and finds a repeat.
 */
export async function takeSequence(
  em: EntityManager,
  { fold, conversationId, sequence }: { fold: string; conversationId: string; sequence: number },
): Promise<Place> {
  const taken =
    sequence === 1
      ? await em.execute<unknown[]>(
          `insert into fold_position (fold, conversation_id, last) values (?, ?, 1) on conflict do nothing returning last`,
          [fold, conversationId],
        )
      : await em.execute<unknown[]>(
          `update fold_position set last = ? where tenant = current_setting('parley.tenant')
           and fold = ? and conversation_id = ? and last = ? returning last`,
          [sequence, fold, conversationId, sequence - 1],
        );
  if (taken.length > 0) return { kind: 'next' };
  const last = await lastSequence(em, { fold, conversationId });
  return sequence <= last ? { kind: 'repeat' } : { kind: 'gap', last };
}

/** Where a fold stands; 0 before the first. */
export async function lastSequence(
  em: EntityManager,
  { fold, conversationId }: { fold: string; conversationId: string },
): Promise<number> {
  const [row] = await em.execute<{ last: string }[]>(
    `select last from fold_position where tenant = current_setting('parley.tenant') and fold = ? and conversation_id = ?`,
    [fold, conversationId],
  );
  return Number(row?.last ?? 0);
}
