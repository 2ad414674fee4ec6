import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { evolve } from './evolve.js';

type Life = LifecycleEvent | NewerEvent;
/** Up to and with an event of the life and what was said before the next one; or up to and with an instant. */
export type Until = { sequence: number } | { instant: string };

/**
 * The state of one conversation at any moment (X6): both its logs in one fold, in whatever order and however often
 * their records came. Undefined: it had not begun. The life goes by `sequence`; a message comes after the event it names.
 */
export function foldLogs(
  lifecycle: readonly Life[],
  messages: readonly MessageEvent[],
  until?: Until,
): Conversation | undefined {
  const life = distinct(lifecycle, (event) => event.sequence).filter((event) => isWithin(event, event.sequence, until));
  const said = distinct(messages, (event) => event.messageNumber).filter((event) =>
    isWithin(event, event.afterSequence, until),
  );
  return merged(life, said).reduce<Conversation | undefined>(evolve, undefined);
}

function isWithin({ time }: { time: string }, sequence: number, until: Until | undefined): boolean {
  if (until === undefined) return true;
  return 'sequence' in until ? sequence <= until.sequence : time <= until.instant;
}

/** In ascending order, each once. */
function distinct<T>(events: readonly T[], numberOf: (event: T) => number): T[] {
  const byNumber = new Map(events.map((event) => [numberOf(event), event]));
  return [...byNumber.values()].sort((a, b) => numberOf(a) - numberOf(b));
}

/** The events, each with the messages behind it; a message of an event that is not here is not here either. */
function merged(life: Life[], said: MessageEvent[]): (Life | MessageEvent)[] {
  const whole: (Life | MessageEvent)[] = [];
  let next = 0;
  for (const event of life) {
    whole.push(event);
    for (let one = said[next]; one !== undefined && one.afterSequence <= event.sequence; one = said[++next])
      whole.push(one);
  }
  return whole;
}
