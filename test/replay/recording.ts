import { gunzipSync, gzipSync } from 'node:zlib';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { temporal } from '@temporalio/proto';
import type { Stage, Thread } from '../workflow/harness.js';
import { until } from '../workflow/until.js';

const { History } = temporal.api.history.v1;
export type History = temporal.api.history.v1.IHistory;

/** One life as it happened: what the server holds of its runs, and what came of it. */
export interface Recording {
  workflowId: string;
  /** Oldest first. */
  runs: History[];
  /** What inbox's message log holds. */
  messages: MessageEvent[];
  /** As the workflow answered them at the end. */
  states: Conversation[];
}

export async function recordingOf(stage: Stage, thread: Thread): Promise<Recording> {
  const messages = [...thread.heard, ...foreignOf(stage, thread)];
  const conversationIds = [...new Set(messages.map(({ conversationId }) => conversationId))];
  const states = await Promise.all(conversationIds.map((id) => stateOf(stage, id)));
  await until(() => states.every(({ conversationId: id, sequence }) => stage.world.lifeOf(id).length >= sequence));
  return { workflowId: thread.workflowId, runs: await runsOf(stage, thread), messages, states };
}

async function stateOf(stage: Stage, conversationId: string): Promise<Conversation> {
  const reply = await stage.client.decisionState('demo', conversationId);
  const state = reply.kind === 'answer' ? reply.answer.conversation : stage.world.archived.get(conversationId)?.state;
  if (!state) throw new Error(`${conversationId} is nowhere`);
  return state;
}

/** Until nothing is left to do at once: a history that ends in the middle of a task replays, and says nothing of it. */
async function runsOf(stage: Stage, thread: Thread): Promise<History[]> {
  const { workflow } = stage.signed;
  const { workflowId } = thread;
  const newest = await workflow.getHandle(workflowId).describe();
  const runIds = new Set<string>();
  await until(async () => {
    for await (const { runId } of workflow.list({ query: `WorkflowId = "${workflowId}"` })) runIds.add(runId);
    return runIds.has(newest.runId);
  });
  let runs: History[] = [];
  await until(async () => {
    runs = await Promise.all([...runIds].map((runId) => workflow.getHandle(workflowId, runId).fetchHistory()));
    return runs.every(isAtRest);
  });
  const startOf = (run: History): number =>
    Number(run.events?.[0]?.eventTime?.seconds) * 1e9 + Number(run.events?.[0]?.eventTime?.nanos);
  return runs.sort((a, b) => startOf(a) - startOf(b));
}

/** No workflow task waits or runs. */
function isAtRest({ events }: History): boolean {
  const last = events?.at(-1);
  return !last?.workflowTaskScheduledEventAttributes && !last?.workflowTaskStartedEventAttributes;
}

function foreignOf(stage: Stage, { threadId }: Thread): MessageEvent[] {
  return stage.world.foreign.flatMap((said) => {
    if (said.threadId !== threadId || said.placed === null) return [];
    const { conversationId, messageNumber, afterSequence, decidedAt } = said.placed;
    const type = said.author === 'agent' ? 'conversation.message-sent' : 'conversation.message-received';
    const place = { conversationId, messageNumber, afterSequence, time: decidedAt };
    const about = { tenantid: said.tenant, threadid: threadId, channelAccount: 'whatsapp', length: null };
    return [
      {
        type,
        ...about,
        ...place,
        acceptedAt: said.at,
        messageId: said.messageId,
        author: said.author,
        agentId: said.agentId,
      },
    ];
  });
}

const folder = join(import.meta.dirname, 'recorded');
const slugOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

/** Protobuf, as the server's own tools write it: JSON of a fetched history does not load back. */
export function keep(name: string, { runs, ...rest }: Recording): void {
  const place = join(folder, slugOf(name));
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'life.json.gz'), gzipSync(JSON.stringify(rest)));
  runs.forEach((run, index) => {
    writeFileSync(join(place, `run-${index + 1}.history.gz`), gzipSync(History.encode(run).finish()));
  });
}

export const recorded = (): string[] => readdirSync(folder).sort();

export function load(name: string): Recording {
  const place = join(folder, name);
  const open = (file: string): Buffer => gunzipSync(readFileSync(join(place, file)));
  const rest = JSON.parse(open('life.json.gz').toString('utf8')) as Omit<Recording, 'runs'>;
  const files = readdirSync(place)
    .filter((file) => file.startsWith('run-'))
    .sort();
  return { ...rest, runs: files.map((file) => History.decode(open(file))) };
}
