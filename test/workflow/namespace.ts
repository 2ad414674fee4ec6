import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

const file = process.env['PARLEY_STACK'] ?? join(import.meta.dirname, '..', '..', '.local', 'test', 'stack.json');

/** host:port of the running stack's Temporal. */
export const stackAddress = (): string => (JSON.parse(readFileSync(file, 'utf8')) as { temporal: string }).temporal;

const READY_WITHIN_MS = 20_000;

/** A namespace of one's own on it: the stack's workers see nothing of what happens there. */
export async function newNamespace(connection: Connection): Promise<string> {
  const namespace = `test-${randomBytes(5).toString('hex')}`;
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      await connection.workflowService.listOpenWorkflowExecutions({ namespace, maximumPageSize: 1 });
      return namespace;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await sleep(100);
    }
  }
}
