import kafkajs from 'kafkajs';
import type { Kafka, KafkaConfig, LogEntry, logLevel } from 'kafkajs';
import { calm, warningsOnly } from './log.js';
import type { Log, LogLevel } from './log.js';

export interface KafkaAddress {
  /** `host:port`, several separated by commas, or a list. */
  brokers: string | string[];
  clientId: string;
  log?: Log | undefined;
  /** How to get there, where the brokers are not on a trusted network. */
  connection?: Pick<KafkaConfig, 'ssl' | 'sasl' | 'socketFactory'> | undefined;
}

const CONNECT_MS = 3_000;
/** Longer than a slow broker's answer, shorter than an activity's attempt. */
const REQUEST_MS = 10_000;

const brokerList = (brokers: string | string[]): string[] =>
  (typeof brokers === 'string' ? brokers.split(',') : brokers).map((broker) => broker.trim()).filter(Boolean);

/** kafkajs calls an error what it will try again: for us a warning; its warnings are news. */
function levelOf(level: logLevel): LogLevel {
  if (level === kafkajs.logLevel.ERROR) return 'warn';
  return level === kafkajs.logLevel.WARN ? 'info' : 'debug';
}

const logInto =
  (log: Log) =>
  () =>
  ({ namespace, level, log: { message, error, broker, groupId } }: LogEntry): void =>
    log(levelOf(level), `kafka: ${message}`, { namespace, error: String(error ?? ''), broker, groupId });

/** The one place that makes a kafkajs client. Few retries: long ones belong to Temporal, the outbox and the consumer. */
export function kafkaClient({ brokers, clientId, log = warningsOnly, connection }: KafkaAddress): Kafka {
  return new kafkajs.Kafka({
    ...connection,
    clientId,
    brokers: brokerList(brokers),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: logInto(calm(log)),
  });
}
