import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import protos from '@temporalio/proto';
import { payloadConverter } from '../src/total-payload-converter.js';
import { createSigningCodec } from '../src/signing-codec.js';

const { temporal } = protos;
const v1 = temporal.api.workflowservice.v1;
const COMPLETED = 3;

/** What the server does with the next call: answers a value, refuses with a gRPC status, or says nothing. */
export type Reaction = { answer: unknown } | { code: number; details: string } | 'silence';

export interface HeardUpdate {
  name: string;
  updateId: string;
  workflowId: string;
  at: number;
}

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService/';

/** Speaks just enough of Temporal's wire to say what the real one says only in rare moments. */
export class FakeTemporal {
  readonly heard: HeardUpdate[] = [];
  reactions: Reaction[] = [];
  /** When `reactions` are used up. */
  otherwise: Reaction = { answer: { kind: 'done' } };
  inFlight = 0;
  mostInFlight = 0;
  delayMs = 0;
  private server = new Server();
  port = 0;

  constructor(private readonly secret: string) {}

  async start(port = 0): Promise<this> {
    const { UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse } = v1;
    this.server = new Server();
    this.server.addService(
      {
        update: {
          path: `${SERVICE}UpdateWorkflowExecution`,
          requestStream: false,
          responseStream: false,
          requestDeserialize: (bytes: Buffer) => UpdateWorkflowExecutionRequest.decode(bytes),
          requestSerialize: (message: object) =>
            Buffer.from(UpdateWorkflowExecutionRequest.encode(UpdateWorkflowExecutionRequest.create(message)).finish()),
          responseDeserialize: (bytes: Buffer) => UpdateWorkflowExecutionResponse.decode(bytes),
          responseSerialize: (message: object) =>
            Buffer.from(
              UpdateWorkflowExecutionResponse.encode(UpdateWorkflowExecutionResponse.create(message)).finish(),
            ),
        },
      },
      {
        update: (call: ServerUnaryCall<UpdateRequest, object>, done: sendUnaryData<object>) =>
          void this.update(call, done),
      },
    );
    this.port = await new Promise((resolve, reject) => {
      this.server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return this;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  private async update(call: ServerUnaryCall<UpdateRequest, object>, done: sendUnaryData<object>): Promise<void> {
    const { workflowExecution, request } = call.request;
    const workflowId = workflowExecution?.workflowId ?? '';
    this.heard.push({
      name: request?.input?.name ?? '',
      updateId: request?.meta?.updateId ?? '',
      workflowId,
      at: performance.now(),
    });
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    this.inFlight -= 1;
    const reaction = this.reactions.shift() ?? this.otherwise;
    if (reaction === 'silence') return;
    if ('code' in reaction) return done(reaction);
    const context = { type: 'workflow', namespace: 'default', workflowId } as const;
    const codec = createSigningCodec({ secret: this.secret });
    const payloads = await codec.encode([payloadConverter.toPayload(reaction.answer)], context);
    done(null, {
      updateRef: { workflowExecution: { workflowId, runId: 'run' }, updateId: request?.meta?.updateId },
      outcome: { success: { payloads } },
      stage: COMPLETED,
    });
  }
}

interface UpdateRequest {
  workflowExecution?: { workflowId?: string | null } | null;
  request?: { meta?: { updateId?: string | null } | null; input?: { name?: string | null } | null } | null;
}
