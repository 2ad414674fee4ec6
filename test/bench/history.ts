import { Client, Connection } from '@temporalio/client';
import { setTimeout as wait } from 'node:timers/promises';
import { at } from '../end-to-end/stack.ts';

/** What a run cost Temporal. */
export interface History {
  updates: number;
  activities: number;
  workflowTasks: number;
  updateBytes: number;
  answerBytes: number;
  activityBytes: number;
}

interface Payloads {
  payloads?: { data?: Uint8Array | null; metadata?: Record<string, Uint8Array> | null }[] | null;
}

/** Publishing goes on after the last answer, and the run lingers after that. */
const SETTLED_MS = 3_000;

const bytesOf = (carried: Payloads | null | undefined): number =>
  (carried?.payloads ?? []).reduce((sum, { data, metadata }) => {
    const labels = Object.entries(metadata ?? {}).reduce((all, [key, value]) => all + key.length + value.length, 0);
    return sum + (data?.length ?? 0) + labels;
  }, 0);

export async function historyOf(workflowId: string): Promise<History> {
  await wait(SETTLED_MS);
  const connection = await Connection.connect({ address: at('temporal') });
  try {
    const client = new Client({ connection, namespace: at('temporalNamespace') });
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const history = { updates: 0, activities: 0, workflowTasks: 0, updateBytes: 0, answerBytes: 0, activityBytes: 0 };
    for (const event of events ?? []) {
      const accepted = event.workflowExecutionUpdateAcceptedEventAttributes;
      const completed = event.workflowExecutionUpdateCompletedEventAttributes;
      const activity = event.activityTaskScheduledEventAttributes;
      if (accepted) history.updates += 1;
      if (activity) history.activities += 1;
      if (event.workflowTaskCompletedEventAttributes) history.workflowTasks += 1;
      history.updateBytes += bytesOf(accepted?.acceptedRequest?.input?.args);
      history.answerBytes += bytesOf(completed?.outcome?.success);
      history.activityBytes += bytesOf(activity?.input);
    }
    return history;
  } finally {
    await connection.close();
  }
}
