import { randomBytes } from 'node:crypto';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { PolicyValues, PresetName } from '@parley/contracts/policy';
import type { CommandOf, EpisodeStart } from '@parley/contracts/command';
import type {
  CommandUpdateAnswer,
  ConversationInput,
  MessageAnswer,
  MessageUpdate,
  UpdateCommandType,
} from '@parley/contracts/protocol';
import { TASK_QUEUES } from '@parley/contracts/protocol';
import { workflowIdOf } from '@parley/contracts/identifiers';
import { presets } from '@parley/domain/presets';
import { ConversationClient, type CallOptions } from '@parley/temporal/client';
import { dataConverter } from '@parley/temporal/data-converter';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from './bundle.js';
import { newNamespace, stackAddress } from './namespace.js';
import { World } from './world.js';

export const tenant = 'demo';
export const secret = 'a secret of the tests';
let isQuiet = false;
export function quietly(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') });
}

export const newThreadId = (): string => `th_${randomBytes(16).toString('base64url')}`;
export const newMessageId = (): string => `msg_${randomBytes(12).toString('base64url')}`;

/** Real workers of a real server in a namespace of their own, in a world that the test looks into. */
export class Stage {
  readonly world = new World();
  private readonly runs: { worker: Worker; ended: Promise<void> }[] = [];

  private constructor(
    readonly address: string,
    readonly namespace: string,
    readonly client: ConversationClient,
    /** Without our codec: as any foreign system. */
    readonly foreign: Client,
    /** With it: as the server's own tools would see what we send. */
    readonly signed: Client,
    readonly connection: Connection,
    readonly native: NativeConnection,
  ) {}

  static async open(): Promise<Stage> {
    quietly();
    const address = stackAddress();
    const connection = await Connection.connect({ address });
    const namespace = await newNamespace(connection);
    const native = await NativeConnection.connect({ address });
    const client = new ConversationClient({ address, namespace, secret });
    const foreign = new Client({ connection, namespace });
    const signed = new Client({ connection, namespace, dataConverter: dataConverter({ secret }) });
    const stage = new Stage(address, namespace, client, foreign, signed, connection, native);
    await stage.hostActivities();
    await stage.hostWorkflows();
    return stage;
  }

  async hostWorkflows(): Promise<Worker> {
    return this.run(TASK_QUEUES.conversations, { workflowBundle: await workflowBundle(), maxCachedWorkflows: 100 });
  }

  /** Stops one worker: what it had cached must be replayed elsewhere. */
  async stop(worker: Worker): Promise<void> {
    const index = this.runs.findIndex((run) => run.worker === worker);
    const [run] = this.runs.splice(index, 1);
    worker.shutdown();
    await run?.ended;
  }

  async replaceWorkflowWorker(): Promise<void> {
    const old = this.runs.filter(({ worker }) => worker.options.taskQueue === TASK_QUEUES.conversations);
    for (const { worker } of old) await this.stop(worker);
    await this.hostWorkflows();
  }

  async close(): Promise<void> {
    this.world.end();
    this.runs.forEach(({ worker }) => worker.shutdown());
    await Promise.all(this.runs.map(({ ended }) => ended));
    await this.client.close();
    await this.connection.close();
    await this.native.close();
  }

  private async hostActivities(): Promise<void> {
    await this.run(TASK_QUEUES.publishing, { activities: this.world.publishing });
    await this.run(TASK_QUEUES.inbox, { activities: this.world.inbox });
  }

  private async run(taskQueue: string, options: object): Promise<Worker> {
    const worker = await Worker.create({
      connection: this.native,
      namespace: this.namespace,
      taskQueue,
      dataConverter: dataConverter({ secret }),
      stickyQueueScheduleToStartTimeout: '2 seconds',
      shutdownGraceTime: '100 milliseconds',
      shutdownForceTime: '3 seconds',
      ...options,
    });
    this.runs.push({ worker, ended: worker.run() });
    return worker;
  }
}

export function episode(preset: PresetName, change: Partial<PolicyValues> = {}): EpisodeStart {
  return {
    policy: { name: preset, version: 1, ...presets[preset], ...change },
    channelAccount: 'whatsapp',
    channelKind: 'third-party',
    surveyOn: true,
    campaign: 'whatsapp',
    paidPerConversation: false,
    group: 'support',
    contactId: 'con_1',
    pendingReason: 'in-queue',
  };
}

export const visitor = { kind: 'visitor', id: 'con_1', role: 'visitor', scopes: [] } satisfies MessageUpdate['caller'];
export const agent = (id: string) =>
  ({ kind: 'agent', id, role: 'agent' as const, scopes: ['team:support'] }) satisfies MessageUpdate['caller'];
export const manager = {
  kind: 'supervisor',
  id: 'manager-1',
  role: 'manager',
  scopes: ['team:support'],
} satisfies MessageUpdate['caller'];
export const router = { kind: 'system', id: 'router', role: 'system', scopes: [] } satisfies MessageUpdate['caller'];

export interface ThreadOptions {
  /** What the server takes for now; a time-skipping one has its own idea. */
  clock?: () => Date;
  preset?: PresetName;
  change?: Partial<PolicyValues>;
  lingerMs?: number;
  handedMs?: number;
}

/** One thread as inbox's dispatcher sees it. */
export class Thread {
  readonly threadId = newThreadId();
  /** What inbox's message log would hold. */
  readonly heard: MessageEvent[] = [];
  readonly input: ConversationInput;
  readonly start: EpisodeStart;
  private readonly clock: () => Date;

  constructor(
    readonly stage: Pick<Stage, 'client' | 'foreign' | 'signed' | 'world'>,
    { preset = 'iadvize-social', change = {}, lingerMs = 60_000, handedMs = 10_000, clock }: ThreadOptions = {},
  ) {
    this.clock = clock ?? (() => new Date());
    this.input = { tenant, threadId: this.threadId, lingerMs, handedMs };
    this.start = episode(preset, change);
  }

  get workflowId(): string {
    return workflowIdOf(tenant, this.threadId);
  }

  update(fields: Partial<MessageUpdate> = {}): MessageUpdate {
    const now = this.clock().toISOString();
    return {
      messageId: newMessageId(),
      author: 'visitor',
      caller: visitor,
      acceptedAt: now,
      handedAt: now,
      length: 5,
      start: this.start,
      ...fields,
    };
  }

  /** As the dispatcher: to the run that exists, else with a new one and what the archive knows. */
  async say(fields: Partial<MessageUpdate> = {}, options?: CallOptions): Promise<Placed> {
    const update = this.update(fields);
    const first = await this.stage.client.message(tenant, this.threadId, update, options);
    if (first.kind === 'answer' && first.answer.kind !== 'hold') return this.hear(update, placed(first.answer));
    const previous = this.stage.world.records.get(this.threadId) ?? null;
    const reply = await this.stage.client.messageWithStart(
      tenant,
      this.threadId,
      { previous, ...update, handedAt: this.clock().toISOString() },
      this.input,
      options,
    );
    if (reply.kind !== 'answer') throw new Error(`no answer: ${JSON.stringify(reply)}`);
    return this.hear(update, placed(reply.answer));
  }

  async answerAs(agentId: string, conversationId: string, fields: Partial<MessageUpdate> = {}): Promise<MessageAnswer> {
    const update = this.update({ author: 'agent', caller: agent(agentId), conversationId, ...fields });
    const reply = await this.stage.client.message(tenant, this.threadId, update);
    if (reply.kind !== 'answer') throw new Error(`no answer: ${JSON.stringify(reply)}`);
    if (reply.answer.kind === 'placed') this.hear(update, reply.answer);
    return reply.answer;
  }

  private hear({ messageId, author, caller, acceptedAt, length }: MessageUpdate, place: Placed): Placed {
    const { conversationId, messageNumber, afterSequence, decidedAt } = place;
    this.heard.push({
      type: author === 'agent' ? 'conversation.message-sent' : 'conversation.message-received',
      time: decidedAt,
      acceptedAt,
      tenantid: tenant,
      threadid: this.threadId,
      conversationId,
      messageId,
      messageNumber,
      afterSequence,
      author,
      agentId: author === 'agent' ? caller.id : null,
      length,
      channelAccount: this.start.channelAccount,
    });
    return place;
  }
}

/** A command as a service of ours sends it; fails the test when nobody answers. */
export async function command<T extends UpdateCommandType>(
  stage: Pick<Stage, 'client'>,
  conversationId: string,
  type: T,
  fields: Omit<CommandOf<T>, 'type' | 'commandId'> & { commandId?: string },
): Promise<CommandUpdateAnswer> {
  const commandId = `cmd:${randomBytes(9).toString('base64url')}`;
  const reply = await stage.client.command(tenant, conversationId, type, { commandId, ...fields } as never);
  if (reply.kind !== 'answer') throw new Error(`no answer: ${JSON.stringify(reply)}`);
  return reply.answer;
}

export type Placed = Extract<MessageAnswer, { kind: 'placed' }>;
export function placed(answer: MessageAnswer): Placed {
  if (answer.kind !== 'placed') throw new Error(`not placed: ${JSON.stringify(answer)}`);
  return answer;
}
