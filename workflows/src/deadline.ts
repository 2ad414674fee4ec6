import { SYSTEM } from '@parley/domain/draft';
import { dueAt } from '@parley/domain/due-at';
import { inbox } from './activities.js';
import { earliest } from './alarm.js';
import { Beside } from './beside.js';
import { msOf, nowMs } from './clock.js';
import type { Thread } from './thread.js';

const ASK_AGAIN_MS = 250;
const ASK_AGAIN_AT_MOST_MS = 5000;

interface Due {
  conversationId: string;
  at: string;
}

/**
 * B12, X2: when the one instant of a conversation has come, and inbox holds no message accepted before it, it is
 * decided: never early, and never past a message that waits.
 */
export class Deadline {
  readonly beside: Beside;
  private pauseMs = ASK_AGAIN_MS;

  constructor(private readonly thread: Thread) {
    this.beside = new Beside(() => thread.moved());
  }

  get wakesAtMs(): number | undefined {
    if (this.beside.isBusy) return undefined;
    return this.beside.wakesAtMs ?? earliest(...this.thread.all.map((conversation) => instantMs(dueAt(conversation))));
  }

  next(): void {
    const due = this.beside.mayStart ? this.due() : undefined;
    if (due) this.beside.start(() => this.askAndDecide(due));
  }

  private due(): Due | undefined {
    for (const conversation of this.thread.all) {
      const at = dueAt(conversation);
      if (at !== null && msOf(at) <= nowMs()) return { conversationId: conversation.conversationId, at };
    }
    return undefined;
  }

  private async askAndDecide(due: Due): Promise<void> {
    const { tenant, threadId } = this.thread;
    if (await inbox.messageWaits({ tenant, threadId, acceptedBefore: due.at })) return this.waitForIt();
    this.pauseMs = ASK_AGAIN_MS;
    // A message that came meanwhile has moved it.
    const conversation = this.thread.find(due.conversationId);
    if (!conversation || dueAt(conversation) !== due.at) return;
    const commandId = `deadline:${due.conversationId}:${due.at}`;
    const decision = this.thread.decide(conversation, {
      type: 'deadline',
      commandId,
      caller: { ...SYSTEM, scopes: [] },
    });
    if (decision.kind === 'decided') this.thread.live(conversation, decision.events);
    // The rules see nothing to do where the clock does: not again at once.
    else this.beside.pauseFor(ASK_AGAIN_AT_MOST_MS);
  }

  private waitForIt(): void {
    this.beside.pauseFor(this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, ASK_AGAIN_AT_MOST_MS);
  }
}

const instantMs = (instant: string | null): number | undefined => (instant === null ? undefined : msOf(instant));
