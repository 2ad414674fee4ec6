import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { ConversationInput } from '@parley/contracts/protocol';
import type { Beside } from './beside.js';
import type { conversation } from './conversation.workflow.js';
import { sizeOf } from './size.js';
import type { Thread } from './thread.js';

const UPDATES = 500;
const EVENTS = 2000;
/** What runs beside gets so long to finish; what it would have done is done by the next run. */
const GRACE_MS = 1000;
/** The server terminates a run that carries on more than 2 MB. Rather a long history than that. */
const CARRIED_BYTES = 1_900_000;

/** Continue-as-new happens only when the history asks for it: it is the server's memory that grows, not ours. */
export class Carry {
  private postponedUntilEvents = 0;

  constructor(
    private readonly thread: Thread,
    private readonly besides: readonly Beside[],
  ) {}

  get isDue(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    if (historyLength < this.postponedUntilEvents) return false;
    return continueAsNewSuggested || this.thread.updates >= UPDATES || historyLength >= EVENTS;
  }

  /** Neither lingers nor waits for Kafka; returns only when there is too much to carry. */
  async on({ tenant, threadId, lingerMs, handedMs }: ConversationInput): Promise<void> {
    this.thread.isContinuing = true;
    await this.settle();
    const carried = this.thread.carried();
    if ((sizeOf(carried) ?? Infinity) > CARRIED_BYTES) {
      this.postponedUntilEvents = workflowInfo().historyLength + EVENTS;
      this.thread.isContinuing = false;
      return;
    }
    await continueAsNew<typeof conversation>({ tenant, threadId, lingerMs, handedMs, carried });
  }

  /** Awaiting anything between this and the end of the run would lose what comes meanwhile. */
  private async settle(): Promise<void> {
    const areIdle = (): boolean => this.besides.every((beside) => !beside.isBusy);
    if (!areIdle() && !(await condition(areIdle, GRACE_MS))) {
      this.besides.forEach((beside) => beside.cancel());
      await condition(areIdle);
    }
    while (!allHandlersFinished()) await condition(allHandlersFinished);
  }
}
