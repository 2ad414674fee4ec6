/** One record to write. `value: null` is a tombstone (only `conversation.state.v1` has them). */
export interface KafkaRecord {
  key: string;
  value: object | null;
  headers: Record<string, string>;
}

/** One record as it was read; `value` is the parsed JSON, null for a tombstone. */
export interface LogRecord {
  topic: string;
  partition: number;
  offset: string;
  key: string | null;
  value: unknown;
  headers: Record<string, string>;
  /** Kafka's own, milliseconds since 1970. */
  timestamp: string;
}

/** The bytes of a value: JSON in the order in which the record was built, so a repeat is byte-equal. */
export const bytesOf = (record: KafkaRecord): string | null =>
  record.value === null ? null : JSON.stringify(record.value);

/** Lengths and timestamps of a record in a batch, and of each of its headers, at their longest. */
const RECORD_FRAME = 40;
const HEADER_FRAME = 10;

/** What it takes in a batch, at most: to the broker a batch is its values, keys and headers. */
export function sizeOfRecord({ key, headers }: KafkaRecord, value: string | null): number {
  const named = Object.entries(headers).map(
    ([name, text]) => HEADER_FRAME + Buffer.byteLength(name) + Buffer.byteLength(text),
  );
  const bare = RECORD_FRAME + Buffer.byteLength(key) + Buffer.byteLength(value ?? '');
  return named.reduce((sum, bytes) => sum + bytes, bare);
}
