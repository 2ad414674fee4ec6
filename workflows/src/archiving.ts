import { allHandlersFinished } from '@temporalio/workflow';
import type { ArchivedConversation } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import { isEnded } from '@parley/domain/conversation';
import { inbox } from './activities.js';
import { earliest } from './alarm.js';
import { Beside } from './beside.js';
import { nowMs } from './clock.js';
import { sizeOf } from './size.js';
import type { Thread } from './thread.js';

/** One activity takes so many; over 2 MB of input the server terminates the run. */
const AT_ONCE = 20;
const AT_ONCE_BYTES = 512 * 1024;

/**
 * A conversation that ended leaves the run once it is published, nothing has named it for lingerMs, and inbox's archive
 * has it: if anything came meanwhile, again. The newest leaves last, and the run ends with it: the next one needs it here.
 */
export class Archiving {
  readonly beside: Beside;
  private archivedAt: number | undefined;

  constructor(
    private readonly thread: Thread,
    /** Nothing is on its way to another service. */
    private readonly isDelivered: () => boolean,
  ) {
    this.beside = new Beside(() => thread.moved());
  }

  /** All of it is in the archive, and nothing has come since. */
  get isWhole(): boolean {
    return this.archivedAt === this.thread.arrivals;
  }

  get wakesAtMs(): number | undefined {
    if (this.beside.isBusy) return undefined;
    const leaving = this.thread.all.filter(isEnded).map((conversation) => this.leavesAtMs(conversation));
    const next = earliest(...leaving.filter((ms) => ms > nowMs()));
    return this.beside.wakesAtMs ?? next;
  }

  next(): void {
    if (!this.beside.mayStart || this.isWhole) return;
    const leaving = this.leaving();
    const { newest } = this.thread;
    if (newest && leaving.length > 0) this.beside.start(() => this.archive(newest, leaving));
  }

  private leavesAtMs(conversation: Conversation): number {
    const { newest, lingerMs, lastCameMs } = this.thread;
    const lastMs = conversation === newest ? lastCameMs : this.thread.lastNamedMs(conversation.conversationId);
    return lastMs + lingerMs;
  }

  /** The oldest first, so the newest goes with the last of them. */
  private leaving(): Conversation[] {
    const { all, newest, backlog } = this.thread;
    const ready = all.filter(
      (conversation) =>
        isEnded(conversation) &&
        this.leavesAtMs(conversation) <= nowMs() &&
        !backlog.holds(conversation.conversationId) &&
        (conversation !== newest || this.mayEnd()),
    );
    let bytes = 0;
    const fits = ready.slice(0, AT_ONCE).filter((conversation, index) => {
      bytes += sizeOf(conversation) ?? 0;
      return index === 0 || bytes <= AT_ONCE_BYTES;
    });
    // The newest not before all others: what is left of them would have no run.
    return fits.length === all.length ? fits : fits.filter((conversation) => conversation !== newest);
  }

  private mayEnd(): boolean {
    return this.thread.all.every(isEnded) && this.isDelivered() && allHandlersFinished();
  }

  private async archive(newest: Conversation, states: Conversation[]): Promise<void> {
    const { thread } = this;
    const { tenant, threadId, arrivals } = thread;
    const leaving = states.map((state): ArchivedConversation => {
      return { tenant, threadId, conversationId: state.conversationId, state };
    });
    await inbox.archiveThread({ thread: thread.record(newest), leaving });
    if (states.includes(newest)) {
      this.archivedAt = thread.arrivals === arrivals ? arrivals : undefined;
      return;
    }
    for (const state of states) {
      const { conversationId } = state;
      const isUnmoved = thread.find(conversationId) === state && this.leavesAtMs(state) <= nowMs();
      if (isUnmoved) thread.leave(conversationId);
    }
  }
}
