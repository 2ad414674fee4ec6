import { setInterval } from 'node:timers';
import { Context } from '@temporalio/activity';
import type { AuditRecord } from '@parley/contracts/audit';
import { TOPICS, type Topic } from '@parley/contracts/envelope';
import type { PublishingActivities, RefusedSignal } from '@parley/contracts/protocol';
import type { KafkaGate } from '@parley/lifecycle-log/kafka-gate';
import type { KafkaRecord } from '@parley/lifecycle-log/kafka-record';
import { auditRecord, lifecycleRecord } from '@parley/lifecycle-log/lifecycle-record';
import type { Publisher } from '@parley/lifecycle-log/publisher';

export interface Outlet {
  gate: KafkaGate;
  publisher: Publisher;
  /** Where the console serves `/schemas`. */
  publicUrl: string;
  /** Counts what Kafka has acknowledged. */
  onPublished: (topic: Topic, records: number) => void;
}

/** A third of what the workflow allows; the SDK sends fewer than we beat. */
const BEAT_MS = 10_000;

/**
 * The way out: an attempt waits for Kafka as long as it takes, and its heartbeats tell a patient worker from a dead one.
 * Whatever fails is thrown, and Temporal tries again; a repeat is byte-equal, for `recordedtime` is when it was scheduled.
 */
export function publishingActivities({ gate, publisher, publicUrl, onPublished }: Outlet): PublishingActivities {
  async function publish(topic: Topic, recordsAt: (recordedtime: string) => KafkaRecord[]): Promise<void> {
    const context = Context.current();
    const beating = setInterval(() => context.heartbeat(), BEAT_MS);
    try {
      await gate.whenUp(context.cancellationSignal);
      const records = recordsAt(new Date(context.info.scheduledTimestampMs).toISOString());
      await publisher.publish(topic, records);
      onPublished(topic, records.length);
    } finally {
      clearInterval(beating);
    }
  }
  return {
    publishLifecycle: (batch) =>
      publish(TOPICS.lifecycle, (recordedtime) =>
        batch.map((event) => lifecycleRecord(event, recordedtime, publicUrl)),
      ),
    recordRefusedSignals: (batch) =>
      publish(TOPICS.audit, (recordedtime) =>
        batch.map((refused) => auditRecord(auditOf(refused), recordedtime, publicUrl)),
      ),
  };
}

/** Whoever sent it, a signal is an integration's. */
const auditOf = ({ id, tenant, threadId, conversationId, signal, reason, at }: RefusedSignal): AuditRecord => ({
  id,
  type: 'audit.signal-refused',
  time: at,
  tenantid: tenant,
  service: 'worker',
  actor: { kind: 'integration', id: 'signal', role: 'integration' },
  act: signal,
  conversationId,
  threadid: threadId,
  reason,
  commandid: null,
});
