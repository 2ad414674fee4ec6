import { expect, test } from '@jest/globals';
import type { RefusedSignal } from '@parley/contracts/protocol';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { KafkaRecord } from '@parley/lifecycle-log/kafka-record';
import { MockActivityEnvironment } from '@temporalio/testing';
import { publishingActivities } from '../src/publishing.activities.js';

const scheduledTimestampMs = Date.parse('2026-11-21T10:00:00.000Z');
const threadid = `th_${'a'.repeat(22)}`;
const warned = (sequence: number) =>
  ({
    type: 'conversation.visitor-left',
    sequence,
    conversationId: 'cnv_1',
    tenantid: 'demo',
    threadid,
    time: '2026-11-21T09:59:59.000Z',
  }) as unknown as LifecycleEvent;

function outlet(publish: (topic: string, records: KafkaRecord[]) => Promise<void>) {
  const opened = Promise.withResolvers<void>();
  const counted: string[] = [];
  const gate = {
    isUp: () => false,
    close: () => undefined,
    stop: async () => undefined,
    whenUp: (signal?: AbortSignal) =>
      Promise.race([
        opened.promise,
        new Promise<never>((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('aborted while Kafka was away'))),
        ),
      ]),
  };
  const activities = publishingActivities({
    gate,
    publisher: { publish, stop: async () => undefined },
    publicUrl: 'http://localhost:4000',
    onPublished: (topic, records) => counted.push(`${topic} ${records}`),
  });
  return { activities, open: opened.resolve, counted };
}

test('events wait for Kafka, leave in their order, and are recorded when their publishing was scheduled', async () => {
  const sent: [string, KafkaRecord[]][] = [];
  const { activities, open, counted } = outlet(async (topic, records) => void sent.push([topic, records]));
  const running = new MockActivityEnvironment({ scheduledTimestampMs }).run(activities.publishLifecycle, [
    warned(1),
    warned(2),
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toEqual([]);
  open();
  await running;
  expect(sent.map(([topic, records]) => [topic, records.map(({ headers }) => headers['ce_id'])])).toEqual([
    ['conversation.lifecycle.v1', ['cnv_1:1', 'cnv_1:2']],
  ]);
  expect(sent[0]?.[1].map(({ headers }) => headers['ce_recordedtime'])).toEqual([
    '2026-11-21T10:00:00.000Z',
    '2026-11-21T10:00:00.000Z',
  ]);
  expect(counted).toEqual(['conversation.lifecycle.v1 2']);
});

test('what Kafka does not acknowledge is thrown, for Temporal to try again', async () => {
  const { activities, open } = outlet(async () => {
    throw new Error('Kafka has not acknowledged');
  });
  open();
  await expect(new MockActivityEnvironment().run(activities.publishLifecycle, [warned(1)])).rejects.toThrow(
    'Kafka has not acknowledged',
  );
});

test('an attempt that is cancelled waits no longer for Kafka', async () => {
  const { activities } = outlet(async () => undefined);
  const environment = new MockActivityEnvironment();
  const running = environment.run(activities.publishLifecycle, [warned(1)]);
  environment.cancel();
  await expect(running).rejects.toThrow('aborted while Kafka was away');
});

test('a refused signal is an audit record of its tenant, with an id that repeats are known by', async () => {
  const sent: [string, KafkaRecord[]][] = [];
  const { activities, open } = outlet(async (topic, records) => void sent.push([topic, records]));
  open();
  const refused: RefusedSignal = {
    id: 'refused-signal:run:1',
    tenant: 'demo',
    threadId: threadid,
    conversationId: null,
    signal: 'close',
    reason: 'malformed',
    at: '2026-11-21T09:59:59.000Z',
  };
  await new MockActivityEnvironment({ scheduledTimestampMs }).run(activities.recordRefusedSignals, [refused]);
  const [[topic, [record]] = ['', []]] = sent;
  expect(topic).toBe('conversation.audit.v1');
  expect(record?.key).toBe('demo');
  expect(record?.value).toMatchObject({
    id: 'refused-signal:run:1',
    type: 'audit.signal-refused',
    act: 'close',
    reason: 'malformed',
    conversationId: null,
    commandid: null,
    actor: { kind: 'integration', id: 'signal', role: 'integration' },
  });
});
