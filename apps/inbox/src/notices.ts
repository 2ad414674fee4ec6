import type { EntityManager } from '@mikro-orm/postgresql';
import { HEARD } from './parts.js';

export type Notice = readonly [channel: keyof typeof HEARD, payload?: string];

/** Several words to all replicas in one statement; heard once the transaction commits. */
export async function notifyAll(em: EntityManager, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return;
  const words = notices.map(([channel, payload = '']) => [HEARD[channel], payload]);
  await em.execute(
    `select pg_notify(current_schema() || '_' || (word ->> 0), word ->> 1) from jsonb_array_elements(?::jsonb) as word`,
    [JSON.stringify(words)],
  );
}
