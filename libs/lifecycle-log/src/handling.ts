import type { KafkaMessage } from 'kafkajs';
import type { DeadLetters } from './dead-letter.js';
import { Poison, reasonOf, saysRetriable } from './failure.js';
import type { LogRecord } from './kafka-record.js';
import type { Log } from './log.js';
import { logRecordOf } from './log-record.js';
import { backoffMs, pause as reallyPause } from './patience.js';

export interface HandlingOptions {
  handle(record: LogRecord): Promise<void>;
  /** Beside errors that say `retriable: true`: what else means that something is only away (persistence: `isUnavailable`). */
  isRetriable?: ((error: unknown) => boolean) | undefined;
  deadLetters: DeadLetters;
  log: Log;
  /** Tests do not wait. */
  pause?: (ms: number) => Promise<void>;
}

/** What one turn at a record needs from the consumer that holds its partition. */
export interface Turn {
  topic: string;
  partition: number;
  message: KafkaMessage;
  /** False as soon as the partition is no longer ours, or we stop. */
  isOurs(): boolean;
  /** Keeps the membership alive while waiting; throws when the group rebalances. */
  heartbeat(): Promise<void>;
  /** Told while something the handler needs is away, and null when nothing is waited for any more, whyever. */
  waiting(reason: string | null): void;
}

export const ATTEMPTS = 5;
const POISON_PAUSE_MS = 100;
const AWAY_FIRST_MS = 200;
const AWAY_LONGEST_MS = 2_000;
/** About once in half a minute of an outage. */
const SAID_EVERY = 15;

/** Handles one record: done (also by burying it), or given up because the partition is no longer ours. */
export async function handleOne(options: HandlingOptions, turn: Turn): Promise<'done' | 'not-ours'> {
  try {
    return await handledOrBuried(options, turn);
  } finally {
    turn.waiting(null);
  }
}

async function handledOrBuried(options: HandlingOptions, turn: Turn): Promise<'done' | 'not-ours'> {
  const record = logRecordOf(turn.topic, turn.partition, turn.message);
  if ('unreadable' in record) return buried(options, turn, record.unreadable);
  let failures = 0;
  for (let attempt = 0; turn.isOurs(); attempt += 1) {
    const failure = await attemptOnce(options, record);
    if (!failure) return 'done';
    if (failure.kind === 'poison' || (failure.kind === 'error' && ++failures >= ATTEMPTS))
      return buried(options, turn, failure.reason);
    await waitAfter(options, turn, failure, attempt);
  }
  return 'not-ours';
}

interface Failure {
  kind: 'poison' | 'error' | 'away';
  reason: string;
}

async function attemptOnce(options: HandlingOptions, record: LogRecord): Promise<Failure | undefined> {
  try {
    await options.handle(record);
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof Poison) return { kind: 'poison', reason };
    const away = saysRetriable(error) || options.isRetriable?.(error) === true;
    return { kind: away ? 'away' : 'error', reason };
  }
}

async function waitAfter(options: HandlingOptions, turn: Turn, failure: Failure, attempt: number): Promise<void> {
  const { topic, partition } = turn;
  const away = failure.kind === 'away';
  if (away) turn.waiting(failure.reason);
  const { offset } = turn.message;
  if (attempt < ATTEMPTS || attempt % SAID_EVERY === 0)
    options.log('warn', 'consumer: a record was not handled; trying again', {
      topic,
      partition,
      offset,
      attempt: attempt + 1,
      reason: failure.reason,
    });
  const { pause = reallyPause } = options;
  await pause(away ? backoffMs(attempt, AWAY_FIRST_MS, AWAY_LONGEST_MS) : backoffMs(attempt, POISON_PAUSE_MS, 1_000));
  await turn.heartbeat();
}

/** Until it lies in the dead letters the partition does not move: a record is never skipped in silence. */
async function buried(options: HandlingOptions, turn: Turn, reason: string): Promise<'done' | 'not-ours'> {
  const { topic, partition, message } = turn;
  for (let attempt = 0; turn.isOurs(); attempt += 1) {
    try {
      await options.deadLetters.bury({ topic, partition, message, reason });
      options.log('error', 'consumer: dead letter', { topic, partition, offset: message.offset, reason });
      return 'done';
    } catch (error) {
      const failure: Failure = { kind: 'away', reason: `dead letter not written: ${reasonOf(error)}` };
      await waitAfter(options, turn, failure, attempt);
    }
  }
  return 'not-ours';
}
