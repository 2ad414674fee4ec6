import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { Pile } from './courier.js';
import { sizeOf } from './size.js';

/** Over 2 MB of activity input the server terminates the run (architecture.md, "What the parts underneath force on us"). */
const BATCH_EVENTS = 100;
const BATCH_BYTES = 128 * 1024;
/** From here on chatter is refused; a message, a close and a cancel never are. */
const FULL_BYTES = 512 * 1024;

/** Events that are decided and not yet in Kafka, in order. */
export class Backlog implements Pile<LifecycleEvent> {
  private readonly waiting: { event: LifecycleEvent; bytes: number }[] = [];
  private bytes = 0;

  constructor(carried: readonly LifecycleEvent[]) {
    this.add(carried);
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  get isFull(): boolean {
    return this.bytes > FULL_BYTES;
  }

  add(events: readonly LifecycleEvent[]): void {
    for (const event of events) {
      const bytes = sizeOf(event) ?? 0;
      this.waiting.push({ event, bytes });
      this.bytes += bytes;
    }
  }

  head(): LifecycleEvent[] {
    const batch: LifecycleEvent[] = [];
    let bytes = 0;
    for (const next of this.waiting.slice(0, BATCH_EVENTS)) {
      bytes += next.bytes;
      if (bytes > BATCH_BYTES && batch.length > 0) break;
      batch.push(next.event);
    }
    return batch;
  }

  drop(count: number): void {
    for (const { bytes } of this.waiting.splice(0, count)) this.bytes -= bytes;
  }

  holds(conversationId: string): boolean {
    return this.waiting.some(({ event }) => event.conversationId === conversationId);
  }

  all(): LifecycleEvent[] {
    return this.waiting.map(({ event }) => event);
  }
}
