import { randomUUID } from 'node:crypto';
import { type ConsumerHandle, startConsumer } from '@parley/lifecycle-log/consumer';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import { until } from '../../deploy/local/demo/play.ts';
import { at, field } from './stack.ts';

/** Everything on the lifecycle and message topics, from the beginning and onwards: what an outside consumer would know. */
export class LogFollower {
  readonly records: LogRecord[] = [];
  #consumer: ConsumerHandle | undefined;

  start(): this {
    this.#consumer = startConsumer({
      brokers: at('kafka'),
      group: `test-${randomUUID()}`,
      topics: ['conversation.lifecycle.v1', 'conversation.messages.v1'],
      fromBeginning: true,
      handle: async (record) => void this.records.push(record),
      onGiveUp: (reason) => {
        throw new Error(reason);
      },
    });
    return this;
  }

  async stop(): Promise<void> {
    await this.#consumer?.stop();
  }

  /** The values of a conversation's life in order, repeats left out. */
  life(conversationId: string): Record<string, unknown>[] {
    const bySequence = new Map<number, Record<string, unknown>>();
    for (const { topic, value } of this.records) {
      if (topic !== 'conversation.lifecycle.v1' || field(value, 'conversationId') !== conversationId) continue;
      const sequence = Number(field(value, 'sequence'));
      if (!bySequence.has(sequence) && isRecord(value)) bySequence.set(sequence, value);
    }
    return [...bySequence].sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  types(conversationId: string): string[] {
    return this.life(conversationId).map((value) => String(value['type']).replace('conversation.', ''));
  }

  /** Waits until the life holds the event that an answer named by its sequence; answers its value. */
  at(conversationId: string, sequence: unknown): Promise<Record<string, unknown>> {
    return until(`${conversationId}:${String(sequence)} in the log`, async () =>
      this.life(conversationId).find((value) => value['sequence'] === sequence),
    );
  }

  /** Waits until the life holds an event of this type, the newest if there are several; answers its value. */
  event(conversationId: string, type: string, patienceMs = 30_000): Promise<Record<string, unknown>> {
    return until(
      `${type} of ${conversationId} in the log`,
      async () => this.life(conversationId).findLast((value) => value['type'] === `conversation.${type}`),
      patienceMs,
    );
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
