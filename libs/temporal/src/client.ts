import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { CommandOf } from '@parley/contracts/command';
import type { ConversationView } from '@parley/contracts/conversation';
import { threadOf, workflowIdOf } from '@parley/contracts/identifiers';
import { CONVERSATION_WORKFLOW, QUERIES, TASK_QUEUES } from '@parley/contracts/protocol';
import type {
  CommandUpdate,
  CommandUpdateAnswer,
  ConversationInput,
  DecisionState,
  MessageAnswer,
  MessageUpdate,
  PresenceUpdate,
  UpdateCommandType,
} from '@parley/contracts/protocol';
import { isUndecodable } from '@parley/contracts/signed';
import { TemporalConnection } from './connection.js';
import { dataConverter } from './data-converter.js';
import { patiently, type Reply } from './patience.js';
import type { SigningSecrets } from './signing-codec.js';
import { InFlight } from './in-flight.js';

export interface ConversationClientOptions extends SigningSecrets {
  /** host:port */
  address: string;
  namespace: string;
  taskQueue?: string;
}

export interface CallOptions {
  /** Default 5,000; nothing waits longer. */
  deadlineMs?: number;
}

export interface RunDescription {
  runId: string;
  status: string;
  historyLength: number;
  startedAt: string;
}

type ConversationStart = (input: ConversationInput) => Promise<unknown>;

/** `seconds` with the turn in line and all attempts. */
type UpdateObserver = (update: string, seconds: number) => void;

const DEADLINE_MS = 5000;
/** A worker killed with -9 must not hold its conversation for the server's default of 10 s. */
const WORKFLOW_TASK_TIMEOUT = '3 seconds';

/** The typed way from a service to a conversation. No method throws for what the other side does; each ends by its deadline. */
export class ConversationClient {
  private readonly connection: TemporalConnection;
  private readonly client: Client;
  private readonly taskQueue: string;
  private readonly inFlight = new InFlight();
  private took: UpdateObserver = () => undefined;

  constructor({ address, namespace, taskQueue, ...secrets }: ConversationClientOptions) {
    this.connection = TemporalConnection.open(address);
    this.client = new Client({
      connection: this.connection,
      namespace,
      dataConverter: dataConverter(secrets),
      workflow: { queryRejectCondition: 'NOT_OPEN' },
    });
    this.taskQueue = taskQueue ?? TASK_QUEUES.conversations;
  }

  /** Whoever measures hears how long each Update took. */
  onUpdate(took: UpdateObserver): void {
    this.took = took;
  }

  /** A command by its own name; its `commandId` is the updateId, so a repeat gets the first answer. */
  async command<T extends UpdateCommandType>(
    tenant: string,
    conversationId: string,
    type: T,
    command: Omit<CommandOf<T>, 'type'>,
    options?: CallOptions,
  ): Promise<Reply<CommandUpdateAnswer>> {
    const threadId = threadOf(conversationId);
    if (threadId === undefined) return { kind: 'not-found' };
    const update: CommandUpdate<T> = { conversationId, command };
    return this.update(tenant, threadId, type, command.commandId, update, options);
  }

  /** A stored message to a run that exists; `not-found`: send it with {@link messageWithStart}. */
  async message(
    tenant: string,
    threadId: string,
    update: MessageUpdate,
    options?: CallOptions,
  ): Promise<Reply<MessageAnswer>> {
    return this.update(tenant, threadId, 'message', messageUpdateId(update), update, options);
  }

  /** The same, starting the run when there is none. Only inbox's dispatcher may (architecture.md, decision 5). */
  async messageWithStart(
    tenant: string,
    threadId: string,
    update: MessageUpdate,
    input: ConversationInput,
    options?: CallOptions,
  ): Promise<Reply<MessageAnswer>> {
    return this.send<MessageAnswer>(tenant, threadId, 'message', options, () =>
      this.client.workflow.executeUpdateWithStart<ConversationStart, MessageAnswer, [MessageUpdate]>('message', {
        args: [update],
        updateId: messageUpdateId(update),
        startWorkflowOperation: this.startOf(tenant, threadId, input),
      }),
    );
  }

  /** The visitor came, left, logged in (A9). `updateId` makes it one fact. */
  async presence(
    tenant: string,
    threadId: string,
    update: PresenceUpdate,
    updateId: string,
    options?: CallOptions,
  ): Promise<Reply<unknown>> {
    return this.update(tenant, threadId, 'presence', updateId, update, options);
  }

  async state(tenant: string, conversationId: string, options?: CallOptions): Promise<Reply<ConversationView>> {
    return this.query(tenant, conversationId, QUERIES.state, options);
  }

  /** What `decide` takes, for a dry run; our services only. */
  async decisionState(tenant: string, conversationId: string, options?: CallOptions): Promise<Reply<DecisionState>> {
    return this.query(tenant, conversationId, QUERIES.decisionState, options);
  }

  async describe(tenant: string, threadId: string, options?: CallOptions): Promise<Reply<RunDescription>> {
    return this.ask(options, async () => {
      const run = await this.handle(tenant, threadId).describe();
      return {
        runId: run.runId,
        status: run.status.name,
        historyLength: run.historyLength,
        startedAt: run.startTime.toISOString(),
      };
    });
  }

  /** For the health page: whether a connection stands or can be made in `waitMs`. */
  async isReachable(waitMs = 1000): Promise<boolean> {
    return this.connection.isReadyWithin(waitMs);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async update<A>(
    tenant: string,
    threadId: string,
    name: string,
    updateId: string,
    update: unknown,
    options?: CallOptions,
  ): Promise<Reply<A>> {
    return this.send<A>(tenant, threadId, name, options, () =>
      this.handle(tenant, threadId).executeUpdate<A, [unknown]>(name, { args: [update], updateId }),
    );
  }

  private async query<A>(
    tenant: string,
    conversationId: string,
    name: string,
    options?: CallOptions,
  ): Promise<Reply<A>> {
    const threadId = threadOf(conversationId);
    if (threadId === undefined) return { kind: 'not-found' };
    const reply = await this.ask<A | null>(options, () =>
      this.handle(tenant, threadId).query<A | null, [{ conversationId: string }]>(name, { conversationId }),
    );
    if (reply.kind !== 'answer') return reply;
    const answer = reply.answer ?? null;
    return answer === null || isUndecodable(answer) ? { kind: 'not-found' } : { kind: 'answer', answer };
  }

  /** In line with the other Updates for this thread; a query waits for nobody. */
  private async send<A>(
    tenant: string,
    threadId: string,
    update: string,
    { deadlineMs = DEADLINE_MS }: CallOptions = {},
    call: () => Promise<A>,
  ): Promise<Reply<A>> {
    const startedAt = performance.now();
    const deadline = Date.now() + deadlineMs;
    const reply = await this.inFlight.take(workflowIdOf(tenant, threadId), deadlineMs, () =>
      patiently(this.connection, deadline, call),
    );
    this.took(update, (performance.now() - startedAt) / 1000);
    if (reply?.kind === 'answer' && isUndecodable(reply.answer)) {
      return { kind: 'unknown-outcome', why: `undecodable answer: ${reply.answer.undecodable}` };
    }
    return reply ?? { kind: 'unavailable', why: 'too many calls for this conversation at once' };
  }

  private async ask<A>({ deadlineMs = DEADLINE_MS }: CallOptions = {}, call: () => Promise<A>): Promise<Reply<A>> {
    const reply = await patiently(this.connection, Date.now() + deadlineMs, call);
    return reply.kind === 'unknown-outcome' ? { kind: 'unavailable', why: reply.why } : reply;
  }

  private handle(tenant: string, threadId: string) {
    return this.client.workflow.getHandle(workflowIdOf(tenant, threadId));
  }

  private startOf(tenant: string, threadId: string, input: ConversationInput) {
    return new WithStartWorkflowOperation<ConversationStart>(CONVERSATION_WORKFLOW, {
      workflowId: workflowIdOf(tenant, threadId),
      taskQueue: this.taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    });
  }
}

export const createConversationClient = (options: ConversationClientOptions): ConversationClient =>
  new ConversationClient(options);

/**
 * One namespace of ids per run: `msg:` beside the commands' `cmd:`. Another for each hand-over: the server remembers a
 * validator's refusal (`hold`) beyond the end of a run and would answer it for ever. That a message counts once is the
 * workflow's own memory of message ids, which crosses runs (`previous`), and which one dispatcher asks in order.
 */
const messageUpdateId = ({ messageId, handedAt }: MessageUpdate): string => `msg:${messageId}:${handedAt}`;
