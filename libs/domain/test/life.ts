import type { EventOf, LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';

/** One conversation as its two logs tell it, and rules of mission.md and reliability.md (section 3) written over them anew. */
export interface Life {
  events: LifecycleEvent[];
  said: MessageEvent[];
}
type Ending = EventOf<'conversation.closed' | 'conversation.cancelled'>;
type Beginning = EventOf<'conversation.started' | 'conversation.reactivated'>;

export const isEnding = (event: LifecycleEvent): event is Ending =>
  event.type === 'conversation.closed' || event.type === 'conversation.cancelled';
const isBeginning = (event: LifecycleEvent): event is Beginning =>
  event.type === 'conversation.started' || event.type === 'conversation.reactivated';

export function must(holds: boolean, what: string, about?: unknown): void {
  if (!holds) throw new Error(`${what}${about === undefined ? '' : `: ${JSON.stringify(about)}`}`);
}
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The events of one episode, in order. */
const episodeOf = ({ events }: Life, episode: number): LifecycleEvent[] =>
  events.filter((event) => event.episode === episode);

function saidIn(life: Life, episode: number): MessageEvent[] {
  const first = episodeOf(life, episode)[0]?.sequence ?? 0;
  const next = episodeOf(life, episode + 1)[0]?.sequence ?? Infinity;
  return life.said.filter(({ afterSequence }) => afterSequence >= first && afterSequence < next);
}

/** I1, I2: 1..n without a gap, each from where the one before left it. */
export function isOneLine({ events }: Life): void {
  events.forEach((event, index) => {
    must(event.sequence === index + 1, 'a gap in the sequence', event);
    must(
      event.statusFrom === (events[index - 1]?.statusTo ?? null),
      'does not begin where the one before ended',
      event,
    );
  });
  must(events[0]?.type === 'conversation.started', 'does not begin with started', events[0]);
}

const OF_THE_SAME_DECISION = ['survey-requested', 'survey-suppressed', 'payment-voided', 'archived'];
const AMENDMENTS = ['qualified', 'note-added', 'transaction-tracked', 'survey-answered', 'rated', 'erased'];
const nameOf = ({ type }: LifecycleEvent): string => type.slice('conversation.'.length);

/** I3, I21: one closing event an episode, after it only what contract.md lists; one policy an episode. */
export function endsOnce(life: Life, episode: number): void {
  const events = episodeOf(life, episode);
  must(
    new Set(events.map(({ policyversion }) => policyversion)).size === 1,
    'policy changed within an episode',
    episode,
  );
  const [ending, second] = events.filter(isEnding);
  must(second === undefined, 'ended twice', second);
  if (ending === undefined) return;
  for (const event of events.filter(({ sequence }) => sequence > ending.sequence)) {
    const isOfIt = event.commandid === ending.commandid && OF_THE_SAME_DECISION.includes(nameOf(event));
    must(isOfIt || AMENDMENTS.includes(nameOf(event)), 'after the end', event);
    must(event.statusTo === ending.statusTo, 'left the end', event);
  }
}

/** I12: after each closed exactly one of requested or suppressed; after cancelled none. */
export function isSurveyedOnce(life: Life, episode: number): void {
  const events = episodeOf(life, episode);
  const surveys = events.filter(
    (event) => nameOf(event) === 'survey-requested' || nameOf(event) === 'survey-suppressed',
  );
  const closes = events.filter(({ type }) => type === 'conversation.closed');
  must(surveys.length === closes.length, 'not one survey decision for a close', surveys);
}

/** Whose it was at the end (A11), by the events that give it and take it. */
function assigneeAt(events: LifecycleEvent[]): string | null {
  let assignee: string | null = null;
  for (const event of events) {
    if (event.type === 'conversation.queued' || event.type === 'conversation.returned') assignee = null;
    if (event.type === 'conversation.assigned' || event.type === 'conversation.reassigned') assignee = event.assignedTo;
  }
  return assignee;
}

/** I10, I11: the four people of the end are what the rules make of both logs. */
export function attributesRightly(life: Life, episode: number): void {
  const events = episodeOf(life, episode);
  const beginning = events.find(isBeginning);
  const ending = events.find(isEnding);
  if (ending === undefined || beginning === undefined) return;
  const { closeKind, closedBy, statsAgent, transactionAgent, paymentExpert } = ending;
  const lastWriter = saidIn(life, episode).findLast(({ author }) => author === 'agent')?.agentId ?? null;
  const earned = beginning.paidPerConversation ? lastWriter : null;
  const isVoid = closedBy.kind === 'supervisor';
  const voided = events.filter((event) => event.type === 'conversation.payment-voided').map(({ expert }) => expert);
  must(statsAgent === assigneeAt(events), 'A11', ending);
  must(transactionAgent === lastWriter, 'A12', ending);
  must(paymentExpert === (isVoid ? null : earned), 'A8', ending);
  must(same(voided, isVoid && earned !== null ? [earned] : []), 'A8: void', voided);
  must((closeKind === 'natural') === (ending.deadlineAt !== null), 'only a natural close has a deadline', ending);
  must(closeKind !== 'agent' || closedBy.id === statsAgent, 'an agent closes its own', ending);
}

/** I13, B12: never early, and not while anybody had written within the time. */
export function isNeverEarly(life: Life, episode: number): void {
  const events = episodeOf(life, episode);
  const silentSince = Math.max(
    ...saidIn(life, episode).map(({ acceptedAt }) => Date.parse(acceptedAt)),
    saidIn(life, episode).length === 0 ? Date.parse(events[0]?.time ?? '') : 0,
  );
  for (const event of events) {
    const isBySilence = event.type === 'conversation.session-ended' && event.sessionEndReason === 'inactivity';
    if (!isBySilence && !(event.type === 'conversation.closed' && event.closeKind === 'natural')) continue;
    const inactivityMs = events.find(isBeginning)?.policy.inactivityMs ?? Infinity;
    must(Date.parse(event.time) - silentSince >= inactivityMs, 'early', event);
  }
}

/** I6: numbered 1..n, each placed at or after the one before, none after an end and before the next episode. */
export function isSaidInPlace({ events, said }: Life): void {
  said.forEach((message, index) => {
    must(message.messageNumber === index + 1, 'a message out of number', message);
    must(message.afterSequence >= (said[index - 1]?.afterSequence ?? 1), 'a message out of order', message);
    const status = events[message.afterSequence - 1]?.statusTo ?? 'nowhere';
    must(['bot', 'pending', 'assigned', 'active', 'paused'].includes(status), `said while ${status}`, message);
  });
}
