import type { PlacedMessage, RememberedOutcome } from '@parley/contracts/protocol';

const MESSAGES = 200;
const OUTCOMES = 100;

/** What a second delivery is answered from: the places of the last 200 messages, the outcomes of the last 100 commands. */
export class Memory {
  private readonly messages = new Map<string, PlacedMessage>();
  private readonly outcomes = new Map<string, RememberedOutcome>();

  constructor(messages: readonly PlacedMessage[], outcomes: readonly RememberedOutcome[]) {
    messages.forEach((placed) => this.keepMessage(placed));
    outcomes.forEach((outcome) => this.keepOutcome(outcome));
  }

  message(messageId: string): PlacedMessage | undefined {
    return this.messages.get(messageId);
  }

  outcome(conversationId: string, commandId: string): RememberedOutcome | undefined {
    return this.outcomes.get(keyOf({ conversationId, commandId }));
  }

  keepMessage(placed: PlacedMessage): void {
    this.messages.set(placed.messageId, placed);
    forgetOldest(this.messages, MESSAGES);
  }

  keepOutcome(outcome: RememberedOutcome): void {
    this.outcomes.set(keyOf(outcome), outcome);
    forgetOldest(this.outcomes, OUTCOMES);
  }

  all(): { messages: PlacedMessage[]; outcomes: RememberedOutcome[] } {
    return { messages: [...this.messages.values()], outcomes: [...this.outcomes.values()] };
  }
}

const keyOf = ({ conversationId, commandId }: { conversationId: string; commandId: string }): string =>
  `${conversationId} ${commandId}`;

function forgetOldest(map: Map<string, unknown>, limit: number): void {
  if (map.size <= limit) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
