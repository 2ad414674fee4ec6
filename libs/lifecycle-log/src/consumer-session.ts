import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { handleOne } from './handling.js';
import type { HandlingOptions } from './handling.js';
import { reasonOf } from './failure.js';
import { withinMs } from './patience.js';
import { partitionId } from './progress.js';

export interface SessionOptions extends HandlingOptions {
  group: string;
  topics: string[];
  fromBeginning: boolean;
  partitionsAtOnce: number;
  /** A member that is silent for so long is out of the group. */
  sessionMs: number;
}

/** Every deploy stops the group until the slowest member is back (classic protocol only). */
const REBALANCE_MS = 60_000;
const HEARTBEATS_A_SESSION = 10;
/** An idle fetch; a stop waits for it. */
const FETCH_MS = 1_000;
const COMMIT_EVERY_MS = 500;

/** One kafkajs consumer from its joining to its end. It never restarts itself: whoever made it makes the next. */
export class ConsumerSession {
  /** Resolves with the reason when it has crashed. */
  readonly ended: Promise<string>;
  private readonly end = Promise.withResolvers<string>();
  private readonly consumer: Consumer;
  /** The partitions with a record in hand; a text says what its handler waits for. */
  private readonly inHand = new Map<string, string | null>();
  private assigned: Record<string, number[]> | undefined;
  private closing = false;
  private started: Promise<void> = Promise.resolve();
  private gone: Promise<void> | undefined;

  constructor(
    kafka: Kafka,
    private readonly options: SessionOptions,
  ) {
    this.ended = this.end.promise;
    this.consumer = kafka.consumer({
      groupId: options.group,
      sessionTimeout: options.sessionMs,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: options.sessionMs / HEARTBEATS_A_SESSION,
      maxWaitTimeInMs: FETCH_MS,
      allowAutoTopicCreation: false,
      retry: { retries: 4, initialRetryTime: 200, maxRetryTime: 2_000, restartOnFailure: async () => false },
    });
    const { CRASH, GROUP_JOIN, END_BATCH_PROCESS } = this.consumer.events;
    this.consumer.on(CRASH, ({ payload }) => this.end.resolve(reasonOf(payload.error)));
    this.consumer.on(GROUP_JOIN, ({ payload }) => {
      this.assigned = payload.memberAssignment;
    });
    this.consumer.on(END_BATCH_PROCESS, ({ payload }) => this.passOver(payload));
  }

  /** Undefined until the group is joined. */
  holds(topic: string, partition: number): boolean | undefined {
    return this.assigned && (this.assigned[topic] ?? []).includes(partition);
  }

  /** What some handler waits for that is away. */
  get away(): string | undefined {
    return [...this.inHand.values()].find((reason) => reason !== null);
  }

  /**
   * Whether it is ours and nothing outside holds it up. kafkajs asks a broker for more only when all that it brought is
   * handled, so beside one that waits, all move no more but those in hand.
   */
  mayMove(topic: string, partition: number): boolean {
    return this.away === undefined || this.inHand.get(partitionId({ topic, partition })) === null;
  }

  get joined(): boolean {
    return this.assigned !== undefined;
  }

  /** Resolves when the group is joined. */
  start(): Promise<void> {
    this.started = this.join();
    return this.started;
  }

  private async join(): Promise<void> {
    const { topics, fromBeginning, partitionsAtOnce } = this.options;
    await this.consumer.connect();
    await this.consumer.subscribe({ topics, fromBeginning });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitionsAtOnce,
      eachBatch: (payload) => this.work(payload).finally(() => this.inHand.delete(partitionId(payload.batch))),
    });
  }

  /** Waits so long for the records in hand; a handler that hangs is left behind, and its partition is not ours any more. */
  async stop(farewellMs: number): Promise<void> {
    this.closing = true;
    this.gone ??= this.leave();
    await withinMs(farewellMs, this.gone);
  }

  /** Again once it has joined: kafkajs lets a consumer that is still joining live on, and it would hold partitions for ever. */
  private async leave(): Promise<void> {
    const disconnect = (): Promise<void> => this.consumer.disconnect().catch(() => undefined);
    await disconnect();
    await this.started.catch(() => undefined);
    await disconnect();
  }

  private async work(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    const isOurs = (): boolean => !this.closing && payload.isRunning() && !payload.isStale();
    const waiting = (reason: string | null): void => void this.inHand.set(partitionId(payload.batch), reason);
    waiting(null);
    let committedAt = performance.now();
    let next: string | undefined;
    const commit = async (): Promise<void> => {
      if (next === undefined) return;
      await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] });
      committedAt = performance.now();
      next = undefined;
    };
    for (const message of messages) {
      if (!isOurs()) break;
      const { heartbeat } = payload;
      const turn = { topic, partition, message, isOurs, heartbeat, waiting };
      if ((await handleOne(this.options, turn)) === 'not-ours') break;
      payload.resolveOffset(message.offset);
      next = String(BigInt(message.offset) + 1n);
      if (performance.now() - committedAt >= COMMIT_EVERY_MS) await commit();
      await heartbeat();
    }
    await commit();
  }

  /** A batch of nothing but control records reaches no handler; without a commit it would look like lag for ever. */
  private passOver(batch: { topic: string; partition: number; batchSize: number; lastOffset: string }): void {
    if (batch.batchSize > 0) return;
    const { topic, partition } = batch;
    const offset = String(BigInt(batch.lastOffset) + 1n);
    this.consumer.commitOffsets([{ topic, partition, offset }]).catch((error: unknown) => {
      this.options.log('info', 'consumer: control records not committed', { topic, partition, error: String(error) });
    });
  }
}
