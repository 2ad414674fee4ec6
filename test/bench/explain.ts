import { between, type Samples, type Source } from './scrape.ts';

/** One sort of work and where it goes: through which service, or straight to bare Temporal. */
export interface Kind {
  name: string;
  service: Extract<Source, 'inbox' | 'admin'> | undefined;
  /** Answered when it is stored, before its conversation knows of it. */
  isStoredFirst?: true;
}

interface Look {
  service: Samples;
  worker: Samples;
}
export interface Looks {
  before: Look;
  after: Look;
}

/** Rows of one column: where an answer's time goes, by the services' and the workers' own histograms. Milliseconds. */
export function explained(kind: Kind, wallMs: number, looks: Looks): [string, number | undefined][] {
  const ofService = meansOf(looks.before.service, looks.after.service, 1000);
  // The SDK's histograms count whole milliseconds.
  const ofWorker = meansOf(looks.before.worker, looks.after.worker, 1);
  const http = kind.service && ofService('http_request_duration_seconds', 'method="POST"', 'status="20');
  const update = kind.service ? ofService('temporal_update_seconds') : wallMs;
  const task = {
    waits: ofWorker('temporal_workflow_task_schedule_to_start_latency'),
    runs: ofWorker('temporal_workflow_task_execution_latency'),
    handedIn: ofWorker('temporal_request_latency', 'operation="RespondWorkflowTaskCompleted"'),
  };
  const inAnswer = kind.isStoredFirst ? undefined : update;
  const placed = kind.isStoredFirst && ofService('inbox_dispatch_seconds', 'author="visitor"');
  return [
    ['whole, until the caller has its answer', wallMs],
    ['  gateway and HTTP', http && wallMs - http],
    ['  service: token, scope, key, lease, database', http && http - (inAnswer ?? 0)],
    ['  Update, there and back', inAnswer],
    ['until a stored message has its place', placed],
    ['  dispatcher: claim, order, placing in the database', placed && placed - update],
    ['  Update, there and back', placed && update],
    ['one Update, there and back', update],
    ['  its workflow task waits for the worker', task.waits],
    ['  the worker runs it: fold, decide, answer', task.runs],
    ['  the worker hands it in', task.handedIn],
    ['  server, its database, gRPC: the rest', update - task.waits - task.runs - task.handedIn],
    ['after the answer: its publishing waits for the worker', ofWorker('temporal_activity_schedule_to_start_latency')],
    ['  and runs (to Kafka and back; nothing on bare)', ofWorker('temporal_activity_execution_latency')],
  ];
}

type Means = (name: string, ...labels: string[]) => number;

const meansOf =
  (before: Samples, after: Samples, toMs: number): Means =>
  (name, ...labels) => {
    const { count, sum } = between(before, after, name, ...labels);
    return (toMs * sum) / count;
  };
