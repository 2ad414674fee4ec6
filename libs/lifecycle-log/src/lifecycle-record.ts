import type { AgentActivity, AuditRecord } from '@parley/contracts/audit';
import type { ConfigurationRecord } from '@parley/contracts/configuration';
import type { ConversationView } from '@parley/contracts/conversation';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { KafkaRecord } from './kafka-record.js';

/** Every CloudEvents attribute that can stand in a record, in the order in which it does. */
const ATTRIBUTES = [
  'specversion',
  'id',
  'type',
  'source',
  'subject',
  'time',
  'recordedtime',
  'sequence',
  'dataschema',
  'partitionkey',
  'tenantid',
  'threadid',
  'episode',
  'policyversion',
  'commandid',
  'causationid',
  'correlationid',
  'traceparent',
] as const;
type Attribute = (typeof ATTRIBUTES)[number];
const isAttribute = (name: string): boolean => ATTRIBUTES.some((attribute) => attribute === name);

type Fields = Record<string, unknown>;
interface Named {
  id: string;
  source: string;
  subject: string;
  key: string;
}

/** CloudEvents compares `sequence` as a string, so its header is padded. */
const headerText = (name: Attribute, value: string | number): string =>
  name === 'sequence' ? String(value).padStart(10, '0') : String(value);

/** The same content always has the same bytes, whatever way its fields came. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, inOrder(field)]),
  );
}

/** CloudEvents 1.0, binary mode for Kafka: attributes as `ce_` headers, and again in the flat value (contract.md, Kafka). */
function cloudEvent(content: Fields, named: Named, recordedtime: string, publicUrl: string): KafkaRecord {
  const attributes: Fields = {
    ...content,
    specversion: '1.0',
    id: named.id,
    source: named.source,
    subject: named.subject,
    recordedtime,
    dataschema: `${publicUrl.replace(/\/+$/, '')}/schemas/${String(content['type'])}/1-0.json`,
    partitionkey: named.key,
  };
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const value: Fields = {};
  for (const name of ATTRIBUTES) {
    const attribute = attributes[name];
    if (typeof attribute !== 'string' && typeof attribute !== 'number') continue;
    headers[`ce_${name}`] = headerText(name, attribute);
    value[name] = attribute;
  }
  for (const name of Object.keys(content).sort()) {
    if (!isAttribute(name) && content[name] !== undefined) value[name] = inOrder(content[name]);
  }
  return { key: named.key, value, headers };
}

const tenantPath = (tenant: string): string => `/tenants/${encodeURIComponent(tenant)}`;
const conversationPath = (tenant: string, conversationId: string): string =>
  `${tenantPath(tenant)}/conversations/${conversationId}`;

/**
 * One event of a life. `recordedtime`: when its publishing was scheduled, the same on every attempt.
 * `publicUrl`: where the console serves `/schemas`.
 */
export function lifecycleRecord(event: LifecycleEvent, recordedtime: string, publicUrl: string): KafkaRecord {
  const named = {
    id: `${event.conversationId}:${event.sequence}`,
    source: conversationPath(event.tenantid, event.conversationId),
    subject: event.conversationId,
    key: event.threadid,
  };
  return cloudEvent({ ...event }, named, recordedtime, publicUrl);
}

/** That something was said; its id is the message's. */
export function messageRecord(event: MessageEvent, recordedtime: string, publicUrl: string): KafkaRecord {
  const named = {
    id: event.messageId,
    source: conversationPath(event.tenantid, event.conversationId),
    subject: event.conversationId,
    key: event.threadid,
  };
  return cloudEvent({ ...event }, named, recordedtime, publicUrl);
}

/** Keyed by tenant. */
export function auditRecord(audit: AuditRecord, recordedtime: string, publicUrl: string): KafkaRecord {
  const { threadid, commandid, ...rest } = audit;
  const named = {
    id: audit.id,
    source: `${tenantPath(audit.tenantid)}/services/${audit.service}`,
    subject: audit.conversationId ?? audit.act,
    key: audit.tenantid,
  };
  const content = { ...rest, threadid: threadid ?? undefined, commandid: commandid ?? undefined };
  return nullable(cloudEvent(content, named, recordedtime, publicUrl), { threadid, commandid });
}

/** A CloudEvents attribute cannot be null, a field of ours can: absent from the headers, null in the value. */
function nullable(record: KafkaRecord, fields: Record<string, string | null>): KafkaRecord {
  const missing = Object.entries(fields).filter(([, value]) => value === null);
  return { ...record, value: { ...record.value, ...Object.fromEntries(missing) } };
}

/** Keyed by agent. */
export function activityRecord(activity: AgentActivity, recordedtime: string, publicUrl: string): KafkaRecord {
  const named = {
    id: activity.id,
    source: `${tenantPath(activity.tenantid)}/agents/${encodeURIComponent(activity.agentId)}`,
    subject: activity.agentId,
    key: activity.agentId,
  };
  return cloudEvent({ ...activity }, named, recordedtime, publicUrl);
}

/** Keyed by tenant/kind/id, for the topic is compacted. */
export function configurationRecord(change: ConfigurationRecord, recordedtime: string, publicUrl: string): KafkaRecord {
  const subject = `${change.kind}/${change.key}`;
  const named = {
    id: change.id,
    source: `${tenantPath(change.tenantid)}/configuration`,
    subject,
    key: `${change.tenantid}/${subject}`,
  };
  return cloudEvent({ ...change }, named, recordedtime, publicUrl);
}

/**
 * The newest state, keyed by conversation; `time` is the instant of the event or message that made it so. Its id tells
 * apart what may differ: events, messages, and whether there is a next conversation, which no event of this one says.
 */
export function stateRecord(
  view: ConversationView,
  time: string,
  recordedtime: string,
  publicUrl: string,
): KafkaRecord {
  const { availableCommands: _, ...state } = view;
  const said = view.messageCounts.visitor + view.messageCounts.agent;
  const named = {
    id: `${view.conversationId}:${view.sequence}:${said}:${view.nextConversationId === null ? 0 : 1}`,
    source: conversationPath(view.tenant, view.conversationId),
    subject: view.conversationId,
    key: view.conversationId,
  };
  const attributes = { type: STATE_TYPE, time, tenantid: view.tenant, threadid: view.threadId };
  return cloudEvent({ ...state, ...attributes, availableCommands: null }, named, recordedtime, publicUrl);
}
export const STATE_TYPE = 'conversation.state';

/** Forgets a conversation on the compacted topic. */
export const stateTombstone = (conversationId: string): KafkaRecord => ({
  key: conversationId,
  value: null,
  headers: {},
});
