import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { evolve } from '@parley/domain/evolve';

/** How far the fold of one conversation has come: `last` is the sequence of its life, and all that was said up to it is in. */
export interface Fold {
  readonly last: number;
  readonly state: Conversation | null;
}

/** What lies in the copy of the logs and is not folded yet; each in its own order. */
export interface Waiting {
  readonly events: readonly (LifecycleEvent | NewerEvent)[];
  readonly messages: readonly MessageEvent[];
}

/** A message whose place is before something that is folded already: only folding all of it again puts it there. */
export const belongsBefore = ({ last, state }: Fold, message: MessageEvent): boolean =>
  message.afterSequence < last ||
  (message.afterSequence === last && message.messageNumber < (state?.lastMessageNumber ?? 0));

/**
 * One step on: the next event of the life with what was said after it, and so on as long as no event is missing.
 * A message that is ahead of the life waits for it; the life never waits for a message.
 */
export function foldOn(fold: Fold, { events, messages }: Waiting): Fold {
  let { last, state } = said(fold, messages);
  for (const event of events) {
    if (event.sequence !== last + 1) break;
    ({ last, state } = said({ last: event.sequence, state: evolve(state ?? undefined, event) }, messages));
  }
  return { last, state };
}

/** What was said after the event at which the fold stands. */
function said(fold: Fold, messages: readonly MessageEvent[]): Fold {
  if (fold.state === null) return fold;
  const next = messages.filter(({ afterSequence }) => afterSequence === fold.last);
  return { last: fold.last, state: next.reduce<Conversation>(evolve, fold.state) };
}

/** The first event that waits behind a missing one; null: none is missing. */
export const gapAfter = (last: number, { events }: Waiting): number | null =>
  events.find(({ sequence }) => sequence > last + 1)?.sequence ?? null;
