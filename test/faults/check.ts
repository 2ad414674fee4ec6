import { foldLogs } from '@parley/domain/fold';
import { viewOf } from '@parley/domain/view';
import { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import { MessageEvent } from '@parley/contracts/message-event';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import { field } from '../end-to-end/stack.ts';

/** Everything the log says of one conversation: first occurrences by id, in offset order. */
export interface Life {
  conversationId: string;
  events: LifecycleEvent[];
  messages: MessageEvent[];
}

const CLOSING = new Set(['conversation.closed', 'conversation.cancelled']);
const ENDING = new Set([...CLOSING, 'conversation.session-ended']);
const REOPENED = 'conversation.reactivated';
const AFTER_CLOSING = new Set(
  [
    'survey-requested',
    'survey-suppressed',
    'payment-voided',
    'archived',
    'qualified',
    'note-added',
    'transaction-tracked',
    'survey-answered',
    'rated',
    'erased',
    'reactivated',
  ].map((name) => `conversation.${name}`),
);

/** I2: repeats of one id are byte-equal but for `recordedtime`. Answers the ids that are not. */
export function unequalRepeats(records: LogRecord[]): string[] {
  const seen = new Map<string, string>();
  const unequal = new Set<string>();
  for (const { value } of records) {
    const id = String(field(value, 'id'));
    const bytes = JSON.stringify(value, (key, inner: unknown) => (key === 'recordedtime' ? undefined : inner));
    if ((seen.get(id) ?? bytes) !== bytes) unequal.add(id);
    seen.set(id, bytes);
  }
  return [...unequal];
}

export function livesOf(records: LogRecord[]): Map<string, Life> {
  const lives = new Map<string, Life>();
  const seen = new Set<string>();
  for (const { topic, value } of records) {
    const [id, conversationId] = [String(field(value, 'id')), String(field(value, 'conversationId'))];
    if (seen.has(`${topic} ${id}`)) continue;
    seen.add(`${topic} ${id}`);
    const life = lives.get(conversationId) ?? { conversationId, events: [], messages: [] };
    lives.set(conversationId, life);
    if (topic === 'conversation.lifecycle.v1') life.events.push(LifecycleEvent.parse(value));
    else life.messages.push(MessageEvent.parse(value));
  }
  return lives;
}

/** I1, I3, I6 for one conversation: what is wrong, in words; nothing when all is well. */
export function faultsOf({ conversationId, events, messages }: Life): string[] {
  const faults: string[] = [];
  const say = (what: string): number => faults.push(`${conversationId}: ${what}`);
  events.forEach((event, index) => {
    if (event.sequence !== index + 1) say(`sequence ${event.sequence} at place ${index + 1}`);
  });
  let ended = 0;
  let surveys = 0;
  for (const event of events) {
    if (ended > 0 && !AFTER_CLOSING.has(event.type)) say(`${event.type} after the end`);
    if (event.type === 'conversation.reactivated') ended = 0;
    if (CLOSING.has(event.type) && (ended = event.sequence) > 0) surveys = event.type === 'conversation.closed' ? 0 : 1;
    if (event.type.startsWith('conversation.survey-re') || event.type === 'conversation.survey-suppressed')
      surveys += 1;
  }
  if (ended > 0 && surveys !== 1) say(`${surveys} survey decisions after its close`);
  faults.push(...misplaced(conversationId, events, messages));
  return faults;
}

/** I6: message numbers 1..n, each after an event that exists and none between an end and the next episode. */
function misplaced(conversationId: string, events: LifecycleEvent[], messages: MessageEvent[]): string[] {
  const faults: string[] = [];
  const inOrder = [...messages].sort((a, b) => a.messageNumber - b.messageNumber);
  inOrder.forEach((message, index) => {
    if (message.messageNumber !== index + 1)
      faults.push(`${conversationId}: message number ${message.messageNumber} at place ${index + 1}`);
    const before = events.filter((event) => event.sequence <= message.afterSequence);
    if (before.length !== message.afterSequence)
      faults.push(`${conversationId}: message after ${message.afterSequence}, which does not exist`);
    const end = before.findLastIndex((event) => CLOSING.has(event.type));
    const again = before.findLastIndex((event) => event.type === 'conversation.reactivated');
    if (end > again) faults.push(`${conversationId}: message ${message.messageId} inside a closed conversation`);
  });
  return faults;
}

/**
 * I7: within a thread `previousConversationId` never forks, and each conversation begins when the one before it is over
 * (E10: that one's session), so no two are open at once.
 */
export function threadFaults(lives: ReadonlyMap<string, Life>): string[] {
  const successors = new Map<string, string>();
  const faults: string[] = [];
  for (const { conversationId, events } of lives.values()) {
    const first = events[0];
    if (first?.type !== 'conversation.started') {
      faults.push(`${conversationId}: begins with ${first?.type ?? 'nothing'}`);
      continue;
    }
    const previous = first.previousConversationId;
    const place = previous ?? `the beginning of ${first.threadid}`;
    const known = successors.get(place);
    if (known !== undefined) faults.push(`${place} has two successors: ${known}, ${conversationId}`);
    successors.set(place, conversationId);
    if (previous !== null && !isOver(lives.get(previous), first.time))
      faults.push(`${conversationId} begins while ${previous} is open`);
  }
  return faults;
}

/** Over at that instant: its last word on being open or not, as decided until then, is an end. */
function isOver(life: Life | undefined, at: string): boolean {
  const last = life?.events.findLast(({ type, time }) => time <= at && (ENDING.has(type) || type === REOPENED));
  return last !== undefined && last.type !== REOPENED;
}

/** The conversation as a fold of the log says it, in the shape in which a read model answers (tags stay slugs, no commands). */
export function folded({ events, messages }: Life, nextConversationId: string | null): unknown {
  const state = foldLogs(events, messages);
  if (state === undefined) throw new Error('nothing to fold');
  return { ...Object(answered(viewOf(state))), nextConversationId };
}

/** The same fields of what a read model answered. */
export function answered(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'availableCommands' && key !== 'tags'));
}
