import { fileURLToPath } from 'node:url';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import { succeededBy } from '@parley/domain/conversation';
import { foldLogs } from '@parley/domain/fold';
import { dataConverter } from '@parley/temporal/data-converter';
import { buildWorkflowBundle } from '@parley/temporal/workflow-bundle';
import { Worker } from '@temporalio/worker';
import type { Conversation } from '@parley/contracts/state';
import { quietly, secret } from '../workflow/harness.js';
import type { History, Recording } from './recording.js';

export interface Said {
  kind: string;
  json: string;
}

const pathOf = (room: string): string => fileURLToPath(import.meta.resolve(room));
const witness = fileURLToPath(new URL('./witness.ts', import.meta.url));

/** The workflows of `folder` (default: as they are) with the witness among them. */
export const bundleWithWitness = (folder?: string): Promise<{ code: string }> =>
  buildWorkflowBundle({
    workflowsPath: folder === undefined ? pathOf('@parley/workflows/registered') : `${folder}/registered.ts`,
    interceptors: [
      folder === undefined ? pathOf('@parley/workflows/reserved-names') : `${folder}/reserved-names.ts`,
      witness,
    ],
  });

/** Replays one run; throws what replay throws, and answers what the workflow said in it. */
export async function replay(workflowBundle: { code: string }, workflowId: string, history: History): Promise<Said[]> {
  quietly();
  const said: Said[] = [];
  const fn = (_info: unknown, kind: string, json: string): void => void said.push({ kind, json });
  const options = {
    workflowBundle,
    dataConverter: dataConverter({ secret }),
    sinks: { witness: { said: { fn, callDuringReplay: true } } },
  };
  for await (const { error } of Worker.runReplayHistories(options, [{ workflowId, history }])) if (error) throw error;
  return said;
}

/** What the run said when it lived, by the server's own book. */
export function saidIn(history: History): Said[] {
  return (history.events ?? []).flatMap((event): Said[] => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const [input] = scheduled?.input?.payloads ?? [];
    const [answer] = event.workflowExecutionUpdateCompletedEventAttributes?.outcome?.success?.payloads ?? [];
    const [carried] = event.workflowExecutionContinuedAsNewEventAttributes?.input?.payloads ?? [];
    const [result] = event.workflowExecutionCompletedEventAttributes?.result?.payloads ?? [];
    const of = (kind: string, payload: typeof input): Said[] => (payload ? [{ kind, json: textOf(payload.data) }] : []);
    return [
      ...of(`activity ${scheduled?.activityType?.name}`, input),
      ...of('answer', answer),
      ...of('carried on', carried),
      ...of('result', result),
    ];
  });
}

const textOf = (data: Uint8Array | null | undefined): string => Buffer.from(data ?? []).toString('utf8');

/** Each kind in its order; between kinds the server keeps another order than the workflow. */
export const byKind = (said: Said[]): Record<string, string[]> => {
  const kinds = [...new Set(said.map(({ kind }) => kind))].sort();
  return Object.fromEntries(
    kinds.map((kind) => [kind, said.filter((one) => one.kind === kind).map(({ json }) => json)]),
  );
};

/** What reached Kafka in all runs of a life; a batch that was cancelled for continue-as-new is there twice. */
export const publishedIn = (runs: History[]): LifecycleEvent[] =>
  runs
    .flatMap(saidIn)
    .filter(({ kind }) => kind === 'activity publishLifecycle')
    .flatMap(({ json }) => JSON.parse(json) as LifecycleEvent[]);

/** The states as the two logs alone give them. */
export function foldOf({ runs, messages }: Recording): Conversation[] {
  const events = publishedIn(runs);
  const ids = [...new Set(messages.map(({ conversationId }) => conversationId))];
  const folded = ids.flatMap((id) => {
    const isItsOwn = (one: { conversationId: string }) => one.conversationId === id;
    return foldLogs(events.filter(isItsOwn), messages.filter(isItsOwn)) ?? [];
  });
  return folded.map((state) => {
    const isNext = (other: Conversation) =>
      other.previousConversationId === state.conversationId && runOf(other) === runOf(state);
    const next = folded.find(isNext);
    return next ? succeededBy(state, next.conversationId) : state;
  });
}

/** One that had left its run heard nothing of the next. */
const runOf = ({ conversationId }: Conversation): string => conversationId.slice('cnv_'.length + 22).slice(0, 12);
