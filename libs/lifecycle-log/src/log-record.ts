import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { LogRecord } from './kafka-record.js';

function headersOf(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) texts[name] = first.toString();
  }
  return texts;
}

/** The record, or why its bytes are no JSON. */
export function logRecordOf(
  topic: string,
  partition: number,
  message: KafkaMessage,
): LogRecord | { unreadable: string } {
  const { offset, timestamp } = message;
  const key = message.key?.toString() ?? null;
  const headers = headersOf(message.headers);
  try {
    const value: unknown = message.value === null ? null : JSON.parse(message.value.toString());
    return { topic, partition, offset, key, value, headers, timestamp };
  } catch (error) {
    return { unreadable: `The value is no JSON: ${String(error).slice(0, 200)}` };
  }
}
