import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type {
  ArchivedConversation,
  ForeignMessage,
  InboxActivities,
  LeaseRequest,
  PublishingActivities,
  RefusedSignal,
  ThreadRecord,
} from '@parley/contracts/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';

/** What stands around the conversation workflow: Kafka, the audit and inbox, as far as it sees them. */
export class World {
  readonly published: LifecycleEvent[] = [];
  readonly batches: LifecycleEvent[][] = [];
  readonly refused: RefusedSignal[] = [];
  readonly archived = new Map<string, ArchivedConversation>();
  readonly records = new Map<string, ThreadRecord>();
  readonly foreign: ForeignMessage[] = [];
  readonly asked: string[] = [];
  readonly freed: LeaseRequest[] = [];
  isKafkaUp = true;
  isArchiveUp = true;
  private readonly over = Promise.withResolvers<unknown>();
  /** Whether a message accepted before the deadline still waits in inbox. */
  messageWaits: (threadId: string) => boolean = () => false;
  grant: (request: LeaseRequest) => Promise<unknown> = async () => ({ granted: 'lease' });

  readonly publishing: PublishingActivities = {
    publishLifecycle: async (batch) => {
      await this.kafka();
      this.batches.push(batch);
      this.published.push(...batch);
    },
    recordRefusedSignals: async (batch) => {
      await this.kafka();
      this.refused.push(...batch);
    },
  };

  readonly inbox: InboxActivities = {
    messageWaits: async ({ threadId, acceptedBefore }) => {
      this.asked.push(acceptedBefore);
      return this.messageWaits(threadId);
    },
    archiveThread: async ({ thread, leaving }) => {
      while (!this.isArchiveUp) await sleep(20);
      this.records.set(thread.threadId, thread);
      leaving.forEach((conversation) => this.archived.set(conversation.conversationId, conversation));
    },
    recordForeignMessages: async (batch) => {
      this.foreign.push(...batch);
    },
    grantLease: async (request) =>
      (await Promise.race([this.grant(request), this.over.promise])) as { granted: string },
    freeLease: async (request) => {
      this.freed.push(request);
    },
  };

  /** Nobody waits any longer. */
  end(): void {
    this.isArchiveUp = true;
    this.isKafkaUp = true;
    this.over.resolve(undefined);
  }

  /** First occurrences, in order: what a consumer keeps. */
  lifeOf(conversationId: string): LifecycleEvent[] {
    let last = 0;
    return this.published.filter((event) => {
      if (event.conversationId !== conversationId || event.sequence <= last) return false;
      last = event.sequence;
      return true;
    });
  }

  private async kafka(): Promise<void> {
    while (!this.isKafkaUp) {
      Context.current().heartbeat();
      await Promise.race([sleep(50), Context.current().cancelled]);
    }
  }
}
