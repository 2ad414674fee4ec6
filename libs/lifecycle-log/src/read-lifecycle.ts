import { AgentActivity, AuditRecord } from '@parley/contracts/audit';
import { CONFIGURATION, ConfigurationRecord } from '@parley/contracts/configuration';
import type { ConfigurationKind } from '@parley/contracts/configuration';
import { ConversationView } from '@parley/contracts/conversation';
import { Envelope } from '@parley/contracts/envelope';
import { LIFECYCLE_EVENTS, LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import { MESSAGE_EVENTS, MessageEvent } from '@parley/contracts/message-event';
import type { LogRecord } from './kafka-record.js';
import { STATE_TYPE } from './lifecycle-record.js';

/**
 * What a record of one of our topics says. An unknown type is from a newer deployment: skip it and count it. If it is
 * an `event` of a life, the next one of that life comes after it: take its sequence.
 */
export type Read<T> =
  | { kind: 'event'; event: T; envelope: Envelope }
  | { kind: 'unknown-type'; type: string; event?: NewerEvent | undefined }
  | { kind: 'poison'; reason: string };

interface Parsed<T> {
  success: boolean;
  data?: T;
  error?: { issues: { path: PropertyKey[]; message: string }[] };
}

const typeNames = (schemas: Record<string, { shape: { type: { value: string } } }>): Set<string> =>
  new Set(Object.values(schemas).map((schema) => schema.shape.type.value));
const LIFECYCLE_TYPES = typeNames(LIFECYCLE_EVENTS);
const MESSAGE_TYPES = typeNames(MESSAGE_EVENTS);
const AUDIT_TYPES = new Set<string>(AuditRecord.shape.type.options);
const ACTIVITY_TYPES = new Set<string>(AgentActivity.shape.type.options);
const ENVELOPE_ONLY = new Set(Object.keys(Envelope.shape));

const poison = (reason: string): { kind: 'poison'; reason: string } => ({ kind: 'poison', reason });

/** Paths and rules, never values: a dead letter's reason must not repeat what it holds. */
function faults(error: Parsed<unknown>['error']): string {
  const issues = error?.issues ?? [];
  return issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.map(String).join('.') || 'value'}: ${message}`)
    .join('; ');
}

function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** The fields of `own` stay, also those that are attributes at the same time; what publishing added goes. */
function withoutEnvelope(fields: Record<string, unknown>, own: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => own.has(name) || !ENVELOPE_ONLY.has(name)));
}

const NOTHING: ReadonlySet<string> = new Set();
const ID: ReadonlySet<string> = new Set(['id']);

function read<T>(
  record: LogRecord,
  types: ReadonlySet<string>,
  parse: (fields: Record<string, unknown>) => Parsed<T>,
  own: ReadonlySet<string>,
): Read<T> {
  const fields = fieldsOf(record.value);
  if (!fields) return poison('The value is no object.');
  const type = fields['type'];
  if (typeof type !== 'string') return poison('The value has no type.');
  if (!types.has(type)) return { kind: 'unknown-type', type };
  const envelope = Envelope.safeParse(fields);
  if (!envelope.success) return poison(faults(envelope.error));
  const event = parse(withoutEnvelope(fields, own));
  if (!event.success || event.data === undefined) return poison(faults(event.error));
  if (record.key !== envelope.data.partitionkey) return poison('The key is not the partitionkey of the value.');
  return { kind: 'event', event: event.data, envelope: envelopeOf(envelope.data) };
}

const envelopeOf = ({
  specversion,
  id,
  source,
  subject,
  dataschema,
  partitionkey,
  recordedtime,
}: Envelope): Envelope => ({
  specversion,
  id,
  source,
  subject,
  dataschema,
  partitionkey,
  recordedtime,
});

/** `conversation.lifecycle.v1`: the event exactly as it was decided. */
export function readLifecycle(record: LogRecord): Read<LifecycleEvent> {
  const answer = read<LifecycleEvent>(record, LIFECYCLE_TYPES, (fields) => LifecycleEvent.safeParse(fields), NOTHING);
  if (answer.kind === 'unknown-type') return { ...answer, event: newerOf(record) };
  if (answer.kind === 'poison') return answer;
  const { conversationId, sequence, threadid } = answer.event;
  if (answer.envelope.id !== `${conversationId}:${sequence}`) return poison('The id is not conversationId:sequence.');
  return record.key === threadid ? answer : poison('The key is not the thread.');
}

function newerOf({ key, value }: LogRecord): NewerEvent | undefined {
  const fields = fieldsOf(value) ?? {};
  const event = NewerEvent.safeParse({ ...withoutEnvelope(fields, NOTHING), isOfNewerType: true });
  if (!event.success) return undefined;
  const { conversationId, sequence, threadid } = event.data;
  return fields['id'] === `${conversationId}:${sequence}` && key === threadid ? event.data : undefined;
}

/** `conversation.messages.v1`. */
export function readMessage(record: LogRecord): Read<MessageEvent> {
  const answer = read<MessageEvent>(record, MESSAGE_TYPES, (fields) => MessageEvent.safeParse(fields), NOTHING);
  if (answer.kind !== 'event') return answer;
  if (answer.envelope.id !== answer.event.messageId) return poison('The id is not the messageId.');
  return record.key === answer.event.threadid ? answer : poison('The key is not the thread.');
}

/** `conversation.audit.v1`. */
export const readAudit = (record: LogRecord): Read<AuditRecord> =>
  read<AuditRecord>(record, AUDIT_TYPES, (fields) => AuditRecord.safeParse(fields), ID);

/** `agent.activity.v1`. */
export const readActivity = (record: LogRecord): Read<AgentActivity> =>
  read<AgentActivity>(record, ACTIVITY_TYPES, (fields) => AgentActivity.safeParse(fields), ID);

const CONFIGURATION_TYPE = new Set(['parley.configuration-changed']);
const isKind = (kind: string): kind is ConfigurationKind => Object.hasOwn(CONFIGURATION, kind);

/** `parley.configuration.v1`: its value checked by its kind; `value: null` withdraws it. A newer kind is an unknown type. */
export function readConfiguration(record: LogRecord): Read<ConfigurationRecord> {
  const answer = read(record, CONFIGURATION_TYPE, (fields) => ConfigurationRecord.safeParse(fields), ID);
  if (answer.kind !== 'event') return answer;
  const { event, envelope } = answer;
  const { id, type, time, tenantid, kind, key, version } = event;
  if (!isKind(kind)) return { kind: 'unknown-type', type: `${event.type}/${kind}` };
  const value =
    event.value === null ? { success: true, data: null } : CONFIGURATION[kind].strip().safeParse(event.value);
  if (!value.success) return poison(faults('error' in value ? value.error : undefined));
  return { kind: 'event', event: { id, type, time, tenantid, kind, key, version, value: value.data }, envelope };
}

const STATE_TYPES = new Set([STATE_TYPE]);

/** `conversation.state.v1`; a tombstone forgets its conversation. */
export function readState(record: LogRecord): Read<ConversationView> | { kind: 'tombstone'; conversationId: string } {
  if (record.value === null && record.key !== null) return { kind: 'tombstone', conversationId: record.key };
  return read<ConversationView>(record, STATE_TYPES, (fields) => ConversationView.strip().safeParse(fields), NOTHING);
}
