import type { PlacedMessage, Remembered, RememberedOutcome } from '@parley/contracts/protocol';

const MESSAGES = 200;
const OUTCOMES = 100;

/**
 * What a second delivery is answered from: the places of the last 200 messages, and of as many that were said elsewhere;
 * the outcomes of the last 100 commands. A storm of signals must not drive out a message whose outcome inbox does not
 * know yet: it would be placed twice.
 */
export class Memory {
  private readonly messages = new Map<string, PlacedMessage>();
  private readonly elsewhere = new Map<string, PlacedMessage>();
  private readonly outcomes = new Map<string, RememberedOutcome>();

  message(messageId: string): PlacedMessage | undefined {
    return this.messages.get(messageId) ?? this.elsewhere.get(messageId);
  }

  outcome(conversationId: string, commandId: string): RememberedOutcome | undefined {
    return this.outcomes.get(keyOf({ conversationId, commandId }));
  }

  keepMessage(placed: PlacedMessage): void {
    this.messages.set(placed.messageId, placed);
    forgetOldest(this.messages, MESSAGES);
  }

  keepElsewhere(placed: PlacedMessage): void {
    this.elsewhere.set(placed.messageId, placed);
    forgetOldest(this.elsewhere, MESSAGES);
  }

  keepOutcome(outcome: RememberedOutcome): void {
    this.outcomes.set(keyOf(outcome), outcome);
    forgetOldest(this.outcomes, OUTCOMES);
  }

  keepAll({ messages, elsewhere = [], outcomes }: Remembered): void {
    messages.forEach((placed) => this.keepMessage(placed));
    elsewhere.forEach((placed) => this.keepElsewhere(placed));
    outcomes.forEach((outcome) => this.keepOutcome(outcome));
  }

  all(): Remembered {
    const elsewhere = [...this.elsewhere.values()];
    return {
      messages: [...this.messages.values()],
      ...(elsewhere.length > 0 && { elsewhere }),
      outcomes: [...this.outcomes.values()],
    };
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
