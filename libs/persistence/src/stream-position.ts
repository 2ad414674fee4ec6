import type { EntityManager } from '@mikro-orm/postgresql';
import { plainName } from './connection.js';

/**
 * The next position of a stream (SSE `id:`), valid on every replica. The row stays locked until the transaction ends, so
 * whoever sees position n has everything up to n: ask late in the transaction. Once it commits, whoever listens on the
 * channel of the stream's name hears the tenant.
 */
export async function nextPosition(em: EntityManager, stream: string): Promise<number> {
  const [row] = await em.execute<{ position: string }[]>(
    `with next as (
       insert into stream_position (stream, position) values (?, 1)
       on conflict (tenant, stream) do update set position = stream_position.position + 1
       returning position, tenant)
     select position, pg_notify(current_schema() || '_' || ?, tenant) from next`,
    [stream, plainName(stream)],
  );
  return Number(row?.position);
}

/** The newest position; 0 before the first. */
export async function currentPosition(em: EntityManager, stream: string): Promise<number> {
  const [row] = await em.execute<{ position: string }[]>(
    `select position from stream_position where stream = ? and tenant = current_setting('parley.tenant')`,
    [stream],
  );
  return Number(row?.position ?? 0);
}
