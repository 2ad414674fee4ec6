import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import { foldLogs } from '@parley/domain/fold';
import { belongsBefore, foldOn, gapAfter, type Fold } from '../src/lifecycle/fold.js';
import { Lived, supervisor } from './lived.js';

/** The projector without its database: what lies in the copy of the logs, and the fold of it. */
class Copy {
  fold: Fold = { last: 0, state: null };
  readonly events: LifecycleEvent[] = [];
  readonly messages: MessageEvent[] = [];

  tell(told: LifecycleEvent | MessageEvent): void {
    if ('messageNumber' in told) {
      if (this.messages.some(({ messageNumber }) => messageNumber === told.messageNumber)) return;
      this.messages.push(told);
      this.messages.sort((a, b) => a.messageNumber - b.messageNumber);
      if (belongsBefore(this.fold, told)) return this.refold();
    } else {
      if (this.events.some(({ sequence }) => sequence === told.sequence)) return;
      this.events.push(told);
      this.events.sort((a, b) => a.sequence - b.sequence);
    }
    this.fold = foldOn(this.fold, this.waiting());
  }

  waiting() {
    const { last, state } = this.fold;
    return {
      events: this.events.filter(({ sequence }) => sequence > last),
      messages: this.messages.filter(
        (m) => m.afterSequence >= last && m.messageNumber > (state?.lastMessageNumber ?? 0),
      ),
    };
  }

  private refold(): void {
    const { last } = this.fold;
    const state = foldLogs(
      this.events.filter(({ sequence }) => sequence <= last),
      this.messages,
    );
    this.fold = { last, state: state ?? null };
  }
}

const lived = new Lived('sellia-campaign', { campaign: 'campaign-1' })
  .says()
  .says()
  .assigned()
  .answers()
  .says()
  .answers()
  .does({ type: 'cancel', category: 'spam' }, supervisor('super-administrator', 'tenant'))
  .says()
  .assigned('agent-2')
  .answers('agent-2')
  .does({ type: 'close' }, { kind: 'agent', id: 'agent-2', role: 'agent', scopes: ['team:support'] });
const { events, messages } = lived;

test('both logs in their order give the domain’s own fold', () => {
  const copy = new Copy();
  for (const event of events) copy.tell(event);
  for (const message of messages) copy.tell(message);
  expect(copy.fold).toEqual({ last: events.length, state: foldLogs(events, messages) });
  expect(copy.fold.state).toEqual(lived.state);
});

test('in whatever order and however often they come, the fold is the same', () => {
  const all = [...events, ...messages];
  const some = fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 });
  fc.assert(
    fc.property(some, (order) => {
      const copy = new Copy();
      for (const told of order) copy.tell(told);
      expect(copy.fold).toEqual({ last: events.length, state: lived.state });
      expect(gapAfter(copy.fold.last, copy.waiting())).toBeNull();
    }),
    { numRuns: 300 },
  );
});

test('at every moment it is the fold of what it stands at', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...events, ...messages]), (order) => {
      const copy = new Copy();
      for (const told of order) copy.tell(told);
      const { last, state } = copy.fold;
      expect(state ?? undefined).toEqual(
        foldLogs(
          copy.events.filter(({ sequence }) => sequence <= last),
          copy.messages,
        ),
      );
    }),
    { numRuns: 300 },
  );
});

test('a missing event parks the conversation until it comes', () => {
  const copy = new Copy();
  const [first, second, third, ...others] = events;
  if (!first || !second || !third) throw new Error('too short a life');
  for (const event of [first, third, ...others]) copy.tell(event);
  expect(copy.fold.last).toBe(1);
  expect(gapAfter(copy.fold.last, copy.waiting())).toBe(3);
  copy.tell(second);
  expect(copy.fold.last).toBe(events.length);
});

test('a message ahead of its life waits and is counted once the life has come so far', () => {
  const copy = new Copy();
  for (const message of messages) copy.tell(message);
  expect(copy.fold).toEqual({ last: 0, state: null });
  for (const event of events) copy.tell(event);
  expect(copy.fold.state?.messageCounts).toEqual({ visitor: 4, agent: 3 });
});
