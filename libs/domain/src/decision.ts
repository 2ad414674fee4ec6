import type { Closing } from '@parley/contracts/conversation';
import type { CommandOf, CommandType } from '@parley/contracts/command';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { ReasonCode } from '@parley/contracts/reason';
import type { Conversation, Facts } from '@parley/contracts/state';
import type { Draft } from './draft.js';

/** What a command comes to. A refusal is a value and changes nothing. */
export type Decision =
  /** `outcome` is the name of the event that was asked for; `events` is empty for most messages. */
  | { kind: 'decided'; outcome: string; events: LifecycleEvent[] }
  /** `already-closed` comes with the first record of that end; nothing to change has none. */
  | { kind: 'unchanged'; outcome: 'already-closed' | 'unchanged'; record: FirstRecord | null }
  | { kind: 'refused'; reason: ReasonCode }
  /** A reassignment that passed every other check: take the room first, then ask again with the lease (architecture.md 12). */
  | { kind: 'ask-lease' };

export interface FirstRecord {
  sequence: number;
  status: 'closed' | 'cancelled';
  closing: Closing;
}

/** What stands against a command, as far as one part of its rule sees. */
export type Faults = Partial<Record<ReasonCode, boolean>>;

/**
 * What the rule of one command says. It may say all that stands against the command at once: which of it is answered,
 * and that nothing of it happens, is settled in one place (order-of-checks.ts).
 */
export interface Ruling {
  refusedIf?: Faults;
  outcome: string;
  /** What happens, or why nothing does; `not-eligible`: not from where the conversation stands. */
  then: Draft[] | 'not-eligible' | 'unchanged' | 'ask-lease';
}

/** The rule of one command: pure, total, never a throw. */
export type Rule<T extends CommandType> = (
  state: Conversation,
  command: CommandOf<T>,
  facts: Facts,
  now: string,
) => Ruling;
