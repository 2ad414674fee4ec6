import { describe, expect, test } from '@jest/globals';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import type { RememberedOutcome } from '@parley/contracts/protocol';
import fc from 'fast-check';
import { earliest } from '../src/alarm.js';
import { Backlog } from '../src/backlog.js';
import { Bounded } from '../src/courier.js';
import { Memory } from '../src/memory.js';
import { bytesOf, sizeOf } from '../src/size.js';

const placed = (count: number) => ({
  messageId: `msg_${count}`,
  conversationId: 'cnv_1',
  afterSequence: 2,
  messageNumber: count,
  decidedAt: '2026-11-21T10:00:00.000Z',
});
const outcome = (conversationId: string, commandId: string): RememberedOutcome => ({
  commandId,
  conversationId,
  outcome: 'closed',
  sequence: 4,
  decidedAt: '2026-11-21T10:00:00.000Z',
  effects: [],
  freed: null,
  held: null,
});

describe('what is remembered', () => {
  test('the last 200 messages and the last 100 outcomes', () => {
    const memory = new Memory();
    for (let count = 1; count <= 300; count += 1) {
      memory.keepMessage(placed(count));
      memory.keepOutcome(outcome('cnv_1', `cmd:${count}`));
    }
    expect(memory.message('msg_100')).toBeUndefined();
    expect(memory.message('msg_101')).toMatchObject({ messageNumber: 101 });
    expect(memory.outcome('cnv_1', 'cmd:200')).toBeUndefined();
    expect(memory.outcome('cnv_1', 'cmd:201')).toBeDefined();
    const { messages, outcomes } = memory.all();
    expect([messages.length, outcomes.length]).toEqual([200, 100]);
    const next = new Memory();
    next.keepAll({ messages, outcomes });
    expect(next.all()).toEqual(memory.all());
  });

  test('what was said elsewhere, however much of it, drives out no message of inbox’s, also in the next run', () => {
    const memory = new Memory();
    memory.keepMessage(placed(1));
    for (let count = 2; count <= 500; count += 1)
      memory.keepElsewhere({ ...placed(count), messageId: `th_1:${count}` });
    const next = new Memory();
    next.keepAll(memory.all());
    next.keepElsewhere({ ...placed(501), messageId: 'th_1:501' });
    expect(next.message('msg_1')).toMatchObject({ messageNumber: 1 });
    expect([next.message('th_1:301'), next.message('th_1:302')]).toMatchObject([undefined, { messageNumber: 302 }]);
    expect(next.all()).toMatchObject({ messages: [placed(1)], elsewhere: { length: 200 } });
  });

  test('an outcome belongs to the conversation that the command named', () => {
    const memory = new Memory();
    memory.keepOutcome(outcome('cnv_1', 'cmd:1'));
    expect(memory.outcome('cnv_2', 'cmd:1')).toBeUndefined();
  });
});

const event = (sequence: number, chars: number) =>
  ({ type: 'conversation.qualified', conversationId: 'cnv_1', sequence, tags: ['x'.repeat(chars)] }) as LifecycleEvent;
const sequencesOf = (events: LifecycleEvent[]) => events.map(({ sequence }) => sequence);

describe('what is not yet published', () => {
  test('goes in order, at most a hundred events at a time', () => {
    const backlog = new Backlog(Array.from({ length: 250 }, (_, index) => event(index + 1, 1)));
    const batches: number[][] = [];
    while (!backlog.isEmpty) {
      const batch = backlog.head();
      batches.push(sequencesOf(batch));
      backlog.drop(batch.length);
    }
    expect(batches.map((batch) => batch.length)).toEqual([100, 100, 50]);
    expect(batches.flat()).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  });

  test('a batch has at most 128 KiB, and never nothing', () => {
    const backlog = new Backlog([event(1, 60_000), event(2, 60_000), event(3, 60_000), event(4, 200_000)]);
    expect(sequencesOf(backlog.head())).toEqual([1, 2]);
    backlog.drop(3);
    expect(sequencesOf(backlog.head())).toEqual([4]);
  });

  test('over 512 KiB it is full until some of it has left', () => {
    const backlog = new Backlog([event(1, 500_000)]);
    expect(backlog.isFull).toBe(false);
    backlog.add([event(2, 30_000)]);
    expect(backlog.isFull).toBe(true);
    backlog.drop(1);
    expect(backlog.isFull).toBe(false);
    expect(backlog.holds('cnv_1')).toBe(true);
    expect(backlog.holds('cnv_2')).toBe(false);
  });

  test('a pile that is full takes no more', () => {
    const pile = new Bounded([1], 2, 10);
    pile.add(2);
    pile.add(3);
    expect(pile.all()).toEqual([1, 2]);
  });
});

test('bytes are those of UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(bytesOf(text)).toBe(Buffer.byteLength(text, 'utf8'));
    }),
  );
  expect(sizeOf({ a: 'ü😀' })).toBe(Buffer.byteLength(JSON.stringify({ a: 'ü😀' })));
  expect(sizeOf(undefined)).toBeUndefined();
});

test('the earliest of instants that may be none', () => {
  expect(earliest()).toBeUndefined();
  expect(earliest(undefined, 5, undefined, 3)).toBe(3);
});
