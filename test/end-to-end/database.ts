import pg from 'pg';
import { at } from './stack.ts';

/** Rows of the running stack, by its read-only address (contract.md, `.local/stack.json`). */
export async function rows(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: at('database') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
