import type { Admin, Kafka } from 'kafkajs';
import { ConsumerSession } from './consumer-session.js';
import { createDeadLetters } from './dead-letter.js';
import { reasonOf } from './failure.js';
import { kafkaClient } from './kafka-client.js';
import type { KafkaAddress } from './kafka-client.js';
import type { LogRecord } from './kafka-record.js';
import { lagWith } from './lag.js';
import type { PartitionLag } from './lag.js';
import { calm, warningsOnly } from './log.js';
import type { Log } from './log.js';
import { backoffMs, closeAlsoLate, pause, withinMs } from './patience.js';
import { Progress } from './progress.js';

export interface ConsumerOptions extends Omit<KafkaAddress, 'clientId'> {
  group: string;
  topics: string[];
  /**
   * One record; sequential per partition, several partitions at once. It may come twice, also at the same time after a
   * rebalance: what makes it count once is the database. Throw {@link Poison} for what nobody can read, anything
   * retriable for what is only away; any other error is tried five times, then a dead letter.
   */
  handle(record: LogRecord): Promise<void>;
  /** What else means that something is only away (persistence: `isUnavailable`). */
  isRetriable?: (error: unknown) => boolean;
  /** The third consumer in a row makes no progress: end the process. */
  onGiveUp(reason: string): void;
  clientId?: string;
  /** Where a new group begins; default the log's beginning. */
  fromBeginning?: boolean;
  partitionsAtOnce?: number;
  /** A member that is silent for so long is out of the group; longer than any handler takes. */
  sessionMs?: number;
  stuckAfterMs?: number;
  checkEveryMs?: number;
}

export interface ConsumerHealth {
  /** `down`: Kafka, or what the handler needs, is away. `stuck`: neither is, and still nothing moves. */
  state: 'moving' | 'idle' | 'stuck' | 'down';
  /** Records that our partitions are behind, as last seen. */
  lag: number;
  reason: string | null;
  /** Consumers made anew since the last progress. */
  rebuilt: number;
}

export interface ConsumerHandle {
  health(): ConsumerHealth;
  /** Finishes the records in hand, commits and leaves the group. */
  stop(): Promise<void>;
}

/** Longer than a handler takes that waits for its database; no longer, for so long a dead member holds up the group. */
const SESSION_MS = 15_000;
/** By then the group has let go of a member that hangs, so the next one joins at once. */
const STUCK_AFTER_MS = 30_000;
const CHECK_EVERY_MS = 5_000;
const BROKER_ANSWER_MS = 5_000;
const GIVE_UP_AT = 3;
const FAREWELL_MS = 8_000;
/** To one whose handler hangs anyway. */
const STUCK_FAREWELL_MS = 1_000;
const PARTITIONS_AT_ONCE = 3;

/** Consumes until it is stopped; comes back by itself after every outage of Kafka or of the database. */
export function startConsumer(options: ConsumerOptions): ConsumerHandle {
  const supervisor = new Supervisor(options);
  const running = supervisor.run();
  return {
    health: () => supervisor.health(),
    stop: async () => {
      supervisor.stopping.abort();
      await running;
    },
  };
}

class Supervisor {
  readonly stopping = new AbortController();
  private readonly kafka: Kafka;
  private readonly log: Log;
  private readonly calmly: Log;
  private readonly progress: Progress;
  private session: ConsumerSession | undefined;
  private leftBehind: ConsumerSession[] = [];
  private admin: { client: Admin; connecting: Promise<void> } | undefined;
  private state: ConsumerHealth['state'] = 'down';
  private reason: string | null = 'starting';
  private rebuilt = 0;

  constructor(private readonly options: ConsumerOptions) {
    const { brokers, group, clientId = group, log = warningsOnly, connection } = options;
    this.kafka = kafkaClient({ brokers, clientId, log, connection });
    this.log = log;
    this.calmly = calm(log);
    const { stuckAfterMs = STUCK_AFTER_MS, sessionMs = SESSION_MS } = options;
    this.progress = new Progress(stuckAfterMs, sessionMs + stuckAfterMs, performance.now());
  }

  health(): ConsumerHealth {
    const { state, reason, rebuilt } = this;
    const lag = this.progress.lag;
    const away = this.session?.away;
    return away === undefined ? { state, lag, reason, rebuilt } : { state: 'down', lag, reason: away, rebuilt };
  }

  async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const startedAt = performance.now();
      const why = await this.oneSession();
      if (signal.aborted) break;
      this.calmly('warn', 'consumer: begins anew', { group: this.options.group, why });
      if (performance.now() - startedAt > 60_000) failures = 0;
      await pause(backoffMs(failures, 500, 5_000), signal);
    }
    await Promise.all(this.leftBehind.map((session) => session.stop(STUCK_FAREWELL_MS)));
    await this.dropAdmin();
  }

  /** One consumer, watched; answers why it is over. */
  private async oneSession(): Promise<string> {
    const session = this.newSession();
    this.session = session;
    this.progress.startOver(performance.now());
    try {
      // Joining can hang too, so it is watched from the start.
      const over = session.start().then(
        async () => this.down(await session.ended),
        (error: unknown) => this.down(reasonOf(error)),
      );
      return await Promise.race([over, this.watch(session)]);
    } finally {
      this.session = undefined;
      await this.partFrom(session);
    }
  }

  private async partFrom(session: ConsumerSession): Promise<void> {
    if (this.state !== 'stuck') return session.stop(FAREWELL_MS);
    this.leftBehind = [...this.leftBehind, session].slice(-GIVE_UP_AT);
    await session.stop(STUCK_FAREWELL_MS);
  }

  private newSession(): ConsumerSession {
    const { group, topics, handle, isRetriable, fromBeginning = true } = this.options;
    const { brokers, connection, partitionsAtOnce = PARTITIONS_AT_ONCE, sessionMs = SESSION_MS } = this.options;
    const address = { brokers, connection, clientId: `${group}.dead-letter`, log: this.log };
    return new ConsumerSession(this.kafka, {
      group,
      topics,
      handle,
      isRetriable,
      fromBeginning,
      partitionsAtOnce,
      sessionMs,
      deadLetters: createDeadLetters(address, group),
      log: this.log,
    });
  }

  private down(why: string): string {
    this.state = 'down';
    this.reason = why;
    return why;
  }

  private async watch(session: ConsumerSession): Promise<string> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await pause(this.options.checkEveryMs ?? CHECK_EVERY_MS, signal);
      if (session !== this.session) return 'replaced';
      if (!signal.aborted && (await this.isStuck(session))) return this.stuck();
    }
    return 'stopped';
  }

  private async isStuck(session: ConsumerSession): Promise<boolean> {
    const lags = await this.lags();
    // Neither the broker nor the database being away is ours to mend by a new consumer.
    if (lags === 'no-answer') {
      this.progress.startOver(performance.now());
      this.down('the broker does not answer');
      return false;
    }
    const ours = session.joined ? lags.filter(({ topic, partition }) => session.holds(topic, partition)) : undefined;
    const mayMove = ({ topic, partition }: PartitionLag): boolean => session.mayMove(topic, partition);
    const seen = this.progress.observe(ours, performance.now(), mayMove);
    if ((seen === 'moving' || seen === 'idle') && this.progress.hasRecovered(lags)) this.rebuilt = 0;
    if (seen !== 'still') this.state = seen;
    else if (this.state === 'down' && session.joined) this.state = 'moving';
    if (seen !== 'stuck' && this.state !== 'down') this.reason = null;
    return seen === 'stuck';
  }

  private stuck(): string {
    this.rebuilt += 1;
    this.reason = `lag ${this.progress.lag}, and nothing moves (${this.rebuilt} of ${GIVE_UP_AT})`;
    if (this.rebuilt >= GIVE_UP_AT) this.options.onGiveUp(this.reason);
    return this.reason;
  }

  private async lags(): Promise<PartitionLag[] | 'no-answer'> {
    try {
      const asked = this.connectedAdmin().then((admin) => lagWith(admin, this.options.group, this.options.topics));
      const answer = await withinMs(BROKER_ANSWER_MS, asked);
      if (answer !== 'late') return answer;
    } catch (error) {
      this.calmly('info', 'consumer: lag unknown', { group: this.options.group, error: reasonOf(error) });
    }
    await this.dropAdmin();
    return 'no-answer';
  }

  private async connectedAdmin(): Promise<Admin> {
    if (!this.admin) {
      const client = this.kafka.admin();
      this.admin = { client, connecting: client.connect() };
    }
    const { client, connecting } = this.admin;
    await connecting;
    return client;
  }

  private async dropAdmin(): Promise<void> {
    const old = this.admin;
    this.admin = undefined;
    if (old) await closeAlsoLate(old.connecting, () => old.client.disconnect());
  }
}
