import { describe, expect, test } from '@jest/globals';
import type { ConversationView } from '@parley/contracts/conversation';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import { bytesOf } from '../src/kafka-record.js';
import type { KafkaRecord, LogRecord } from '../src/kafka-record.js';
import {
  activityRecord,
  auditRecord,
  configurationRecord,
  lifecycleRecord,
  messageRecord,
  stateRecord,
  stateTombstone,
} from '../src/lifecycle-record.js';
import {
  readActivity,
  readAudit,
  readConfiguration,
  readLifecycle,
  readMessage,
  readState,
} from '../src/read-lifecycle.js';

const PUBLIC_URL = 'http://localhost:4000';
const RECORDED = '2026-11-21T10:00:00.500Z';
const THREAD = 'th_7Qm4567890123456789012';
const CONVERSATION = 'cnv_7Qm45678901234567890120123456789ab1';

const paused: LifecycleEvent = {
  type: 'conversation.paused',
  time: '2026-11-21T10:00:00.000Z',
  sequence: 9,
  tenantid: 'demo',
  threadid: THREAD,
  episode: 1,
  policyversion: 3,
  commandid: 'cmd:abc',
  conversationId: CONVERSATION,
  statusFrom: 'active',
  statusTo: 'paused',
  actor: { kind: 'agent', id: 'agent-1', role: 'agent' },
  reason: null,
  channelAccount: 'whatsapp',
  campaign: 'whatsapp',
  group: 'support',
  assignedTo: 'agent-1',
};
const received: MessageEvent = {
  type: 'conversation.message-received',
  time: '2026-11-21T10:00:00.000Z',
  acceptedAt: '2026-11-21T09:59:59.900Z',
  tenantid: 'demo',
  threadid: THREAD,
  conversationId: CONVERSATION,
  messageId: 'msg_1',
  messageNumber: 4,
  afterSequence: 9,
  author: 'visitor',
  agentId: null,
  length: 12,
  channelAccount: 'whatsapp',
};

/** As Kafka gives it back. */
const asRead = (record: KafkaRecord, change: Record<string, unknown> = {}): LogRecord => {
  const value: unknown = record.value === null ? null : { ...JSON.parse(bytesOf(record) ?? ''), ...change };
  return { topic: 't', partition: 0, offset: '0', timestamp: '0', key: record.key, headers: record.headers, value };
};

describe('a lifecycle record is a CloudEvent in binary mode with a flat value (contract.md, Kafka)', () => {
  const record = lifecycleRecord(paused, RECORDED, `${PUBLIC_URL}/`);

  test('its key is the thread, its attributes are headers', () => {
    expect(record.key).toBe(THREAD);
    expect(record.headers).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: `${CONVERSATION}:9`,
      ce_type: 'conversation.paused',
      ce_source: `/tenants/demo/conversations/${CONVERSATION}`,
      ce_subject: CONVERSATION,
      ce_time: '2026-11-21T10:00:00.000Z',
      ce_recordedtime: RECORDED,
      ce_sequence: '0000000009',
      ce_dataschema: `${PUBLIC_URL}/schemas/conversation.paused/1-0.json`,
      ce_partitionkey: THREAD,
      ce_tenantid: 'demo',
      ce_threadid: THREAD,
      ce_episode: '1',
      ce_policyversion: '3',
      ce_commandid: 'cmd:abc',
    });
  });

  test('its value repeats the attributes, with an integer as sequence, beside the event itself', () => {
    expect(record.value).toEqual({
      ...paused,
      specversion: '1.0',
      id: `${CONVERSATION}:9`,
      source: `/tenants/demo/conversations/${CONVERSATION}`,
      subject: CONVERSATION,
      recordedtime: RECORDED,
      dataschema: `${PUBLIC_URL}/schemas/conversation.paused/1-0.json`,
      partitionkey: THREAD,
    });
  });

  test('optional attributes are there when they are known, in both', () => {
    const traced = { ...paused, causationid: `${CONVERSATION}:8`, correlationid: 'bulk-1', traceparent: '00-aa-bb-01' };
    const { headers, value } = lifecycleRecord(traced, RECORDED, PUBLIC_URL);
    expect(headers).toMatchObject({
      ce_causationid: `${CONVERSATION}:8`,
      ce_correlationid: 'bulk-1',
      ce_traceparent: '00-aa-bb-01',
    });
    expect(value).toMatchObject({
      causationid: `${CONVERSATION}:8`,
      correlationid: 'bulk-1',
      traceparent: '00-aa-bb-01',
    });
  });

  test('I2: a repeat has the same bytes but for recordedtime, in whatever order its fields came', () => {
    const shuffled = Object.fromEntries(Object.entries(paused).reverse()) as LifecycleEvent;
    expect(bytesOf(lifecycleRecord(shuffled, RECORDED, PUBLIC_URL))).toBe(bytesOf(record));
    const later = bytesOf(lifecycleRecord(paused, '2026-11-21T11:00:00.000Z', PUBLIC_URL));
    expect(later?.replace('2026-11-21T11:00:00.000Z', RECORDED)).toBe(bytesOf(record));
  });

  test('CloudEvents: attribute names are lower case letters and digits', () => {
    const names = Object.keys(record.headers).filter((name) => name.startsWith('ce_'));
    expect(names.filter((name) => !/^ce_[a-z0-9]{1,20}$/.test(name))).toEqual([]);
  });
});

describe('the other topics', () => {
  test('a message is named by its id and keyed by its thread', () => {
    const { key, headers, value } = messageRecord(received, RECORDED, PUBLIC_URL);
    expect([key, headers['ce_id'], headers['ce_subject'], headers['ce_sequence']]).toEqual([
      THREAD,
      'msg_1',
      CONVERSATION,
      undefined,
    ]);
    expect(value).toMatchObject({ id: 'msg_1', messageNumber: 4, afterSequence: 9, partitionkey: THREAD });
  });

  const audit = {
    id: 'aud_1',
    type: 'audit.command-refused' as const,
    time: '2026-11-21T10:00:00.000Z',
    tenantid: 'demo',
    service: 'admin',
    actor: null,
    act: 'close',
    conversationId: null,
    threadid: null,
    reason: 'STALE_TARGET',
    commandid: null,
  };
  test('an audit record is keyed by tenant; what is null has no header', () => {
    const { key, headers, value } = auditRecord(audit, RECORDED, PUBLIC_URL);
    expect([key, headers['ce_threadid'], headers['ce_source']]).toEqual([
      'demo',
      undefined,
      '/tenants/demo/services/admin',
    ]);
    expect(value).toMatchObject({ threadid: null, commandid: null, actor: null, reason: 'STALE_TARGET' });
    expect(readAudit(asRead(auditRecord(audit, RECORDED, PUBLIC_URL)))).toMatchObject({ kind: 'event', event: audit });
  });

  const activity = {
    id: 'act_1',
    type: 'agent.lease-taken' as const,
    time: '2026-11-21T10:00:00.000Z',
    tenantid: 'demo',
    agentId: 'agent-1',
    data: { conversationId: CONVERSATION, held: 3 },
  };
  test('an activity is keyed by agent', () => {
    const record = activityRecord(activity, RECORDED, PUBLIC_URL);
    expect(record.key).toBe('agent-1');
    expect(readActivity(asRead(record))).toMatchObject({ kind: 'event', event: activity });
  });

  const tag = {
    id: 'cfg_1',
    type: 'parley.configuration-changed' as const,
    time: '2026-11-21T10:00:00.000Z',
    tenantid: 'demo',
    kind: 'tag' as const,
    key: 'refund',
    version: 2,
    value: { id: 'refund', name: 'Refund', category: null, archived: false },
  };
  test('configuration is keyed by tenant, kind and id', () => {
    const record = configurationRecord(tag, RECORDED, PUBLIC_URL);
    expect(record.key).toBe('demo/tag/refund');
    expect(readConfiguration(asRead(record))).toMatchObject({ kind: 'event', event: tag });
    const withdrawn = asRead(configurationRecord({ ...tag, value: null }, RECORDED, PUBLIC_URL));
    expect(readConfiguration(withdrawn)).toMatchObject({ kind: 'event', event: { ...tag, value: null } });
  });

  test('configuration of a newer deployment: an unknown kind is skipped, an unknown field is dropped, a wrong value is poison', () => {
    const record = configurationRecord(tag, RECORDED, PUBLIC_URL);
    expect(readConfiguration(asRead(record, { kind: 'flow' }))).toEqual({
      kind: 'unknown-type',
      type: 'parley.configuration-changed/flow',
    });
    const newer = asRead(record, { value: { ...tag.value, colour: 'red' } });
    expect(readConfiguration(newer)).toMatchObject({ kind: 'event', event: tag });
    const wrong = readConfiguration(asRead(record, { value: { ...tag.value, archived: 'CANARY' } }));
    expect(wrong).toEqual({ kind: 'poison', reason: expect.stringContaining('archived: ') });
    expect(JSON.stringify(wrong)).not.toContain('CANARY');
  });

  const view: ConversationView = {
    conversationId: CONVERSATION,
    threadId: THREAD,
    tenant: 'demo',
    channelAccount: 'whatsapp',
    campaign: 'whatsapp',
    group: 'support',
    contactId: 'con_1',
    policy: { name: 'iadvize-social', version: 3 },
    status: 'paused',
    pendingReason: null,
    sequence: 9,
    episode: 1,
    assignedTo: 'agent-1',
    startedAt: '2026-11-21T09:00:00.000Z',
    firstResponseAt: null,
    lastMessageAt: null,
    lastMessageFrom: null,
    messageCounts: { visitor: 3, agent: 2 },
    deadlineAt: null,
    previousConversationId: null,
    nextConversationId: null,
    tags: [],
    category: null,
    subcategory: null,
    notes: [],
    closing: null,
    survey: null,
    ticketId: null,
    archived: false,
    erased: false,
    availableCommands: [],
  };
  test('a state is keyed by conversation, without what depends on who asks; a tombstone forgets it', () => {
    const record = stateRecord(view, '2026-11-21T10:00:00.000Z', RECORDED, PUBLIC_URL);
    expect([record.key, record.headers['ce_id'], record.headers['ce_partitionkey']]).toEqual([
      CONVERSATION,
      `${CONVERSATION}:9:5:0`,
      CONVERSATION,
    ]);
    const followed = { ...view, nextConversationId: 'cnv_7Qm45678901234567890120123456789ab2' };
    const next = stateRecord(followed, '2026-11-21T10:00:00.000Z', RECORDED, PUBLIC_URL);
    expect(next.headers['ce_id']).toBe(`${CONVERSATION}:9:5:1`);
    expect(readState(asRead(record))).toMatchObject({ kind: 'event', event: { ...view, availableCommands: null } });
    expect(readState(asRead(stateTombstone(CONVERSATION)))).toEqual({
      kind: 'tombstone',
      conversationId: CONVERSATION,
    });
  });
});

describe('reading the lifecycle', () => {
  const record = lifecycleRecord(paused, RECORDED, PUBLIC_URL);

  test('gives the event exactly as it was decided, and what publishing added', () => {
    expect(readLifecycle(asRead(record))).toEqual({
      kind: 'event',
      event: paused,
      envelope: {
        specversion: '1.0',
        id: `${CONVERSATION}:9`,
        source: `/tenants/demo/conversations/${CONVERSATION}`,
        subject: CONVERSATION,
        dataschema: `${PUBLIC_URL}/schemas/conversation.paused/1-0.json`,
        partitionkey: THREAD,
        recordedtime: RECORDED,
      },
    });
    expect(readMessage(asRead(messageRecord(received, RECORDED, PUBLIC_URL)))).toMatchObject({ event: received });
  });

  test('F21: a type or a field of a newer deployment is no poison', () => {
    const newer = { type: 'conversation.translated' };
    const { statusFrom: _, ...fields } = { ...paused, ...newer, isOfNewerType: true };
    expect(readLifecycle(asRead(record, { ...newer, statusFrom: undefined }))).toEqual({
      kind: 'unknown-type',
      ...newer,
      event: fields,
    });
    expect(readLifecycle(asRead(record, { mood: 'good' }))).toMatchObject({ kind: 'event', event: { ...paused } });
  });

  test('of a newer type and no event of a life: there is nothing to take its place', () => {
    for (const wrong of [
      { sequence: 0 },
      { sequence: 10 },
      { threadid: 'th_0000000000000000000000' },
      { time: 'noon' },
    ])
      expect(readLifecycle(asRead(record, { type: 'conversation.translated', ...wrong }))).toEqual({
        kind: 'unknown-type',
        type: 'conversation.translated',
      });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['sequence 0', { sequence: 0 }, 'sequence: '],
    ['a missing field', { actor: undefined }, 'actor: '],
    ['a wrong instant', { time: '2026-02-31T10:00:00.000Z' }, 'time: is no such instant'],
    ['another id than its sequence', { sequence: 10 }, 'The id is not conversationId:sequence.'],
    ['another thread than its key', { threadid: 'th_0000000000000000000000' }, 'The key is not the thread.'],
    ['another partitionkey than its key', { partitionkey: 'th_x' }, 'The key is not the partitionkey of the value.'],
    ['no type', { type: 7 }, 'The value has no type.'],
    ['no envelope', { recordedtime: undefined }, 'recordedtime: '],
  ])('F21: %s is poison, with the reason', (_, change, reason) => {
    const value = JSON.parse(JSON.stringify({ ...record.value, ...change })) as unknown;
    expect(readLifecycle({ ...asRead(record), value })).toEqual({
      kind: 'poison',
      reason: expect.stringContaining(reason),
    });
  });

  test.each([[null], ['text'], [7], [[]]])('F21: %j is poison', (value) => {
    expect(readLifecycle({ ...asRead(record), value })).toEqual({ kind: 'poison', reason: 'The value is no object.' });
  });
});
