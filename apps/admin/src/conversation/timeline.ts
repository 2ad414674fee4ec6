import type { TimelineEntry } from '@parley/contracts/admin-http';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Language } from '@parley/service/language';
import { filled, wordsOf } from './tell.js';

type Told = LifecycleEvent | MessageEvent;
/** Where an entry stands: an event at its sequence, a message after the event it follows. */
export type Place = readonly [sequence: number, messageNumber: number];

const isMessage = (told: Told): told is MessageEvent => 'messageNumber' in told;
const placeOf = (told: Told): Place =>
  isMessage(told) ? [told.afterSequence, told.messageNumber] : [told.sequence, 0];
const isAfter = ([a, b]: Place, [c, d]: Place): boolean => a > c || (a === c && b > d);

/** Both logs of one conversation in the order of the fold. */
export const inOrder = (events: readonly LifecycleEvent[], messages: readonly MessageEvent[]): Told[] =>
  [...events, ...messages].sort((one, other) => (isAfter(placeOf(one), placeOf(other)) ? 1 : -1));

/** What comes after a place in it. */
export const beyond = (told: readonly Told[], place: Place): Told[] =>
  told.filter((each) => isAfter(placeOf(each), place));

/** One entry in words (X6); never what was said, for nobody here knows it. */
export function entryOf(told: Told, language: Language): TimelineEntry {
  const words = wordsOf(language);
  const [sequence] = placeOf(told);
  const about = { sequence, at: told.time, type: told.type, text: filled(words.told[told.type], { ...told }, words) };
  if (!isMessage(told)) {
    const { actor, statusFrom, statusTo } = told;
    return { kind: 'event', ...about, messageNumber: null, actor, statusFrom, statusTo };
  }
  return {
    kind: 'message',
    ...about,
    messageNumber: told.messageNumber,
    actor: null,
    statusFrom: null,
    statusTo: null,
  };
}

export const placeOfEntry = ({ sequence, messageNumber }: TimelineEntry): Place => [sequence, messageNumber ?? 0];
