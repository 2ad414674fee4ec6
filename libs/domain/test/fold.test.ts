import { describe, expect, test } from '@jest/globals';
import type { LifecycleEvent } from '@parley/contracts/lifecycle-event';
import { evolve } from '../src/evolve.js';
import { foldLogs } from '../src/fold.js';
import {
  after,
  agentWrote,
  ana,
  assignedTo,
  cancel,
  customerReturned,
  done,
  given,
  sellia,
  T0,
  visitorWrote,
} from './given.js';

describe('X6: the state at any moment is a fold of both logs', () => {
  const { world } = given(
    sellia,
    visitorWrote,
    after(1000),
    assignedTo(ana),
    after(1000),
    agentWrote(ana),
    after(1000),
    done(cancel()),
    after(1000),
    customerReturned,
  );
  const whole = world.state;

  test('whatever the order and however often their records came', () => {
    expect(foldLogs(world.life, world.said)).toEqual(whole);
    expect(foldLogs([...world.life].reverse().concat(world.life), [...world.said, ...world.said].reverse())).toEqual(
      whole,
    );
  });
  test('at a sequence, with what was said before the next', () => {
    expect(foldLogs(world.life, world.said, { sequence: 2 })).toMatchObject({
      status: 'pending',
      sequence: 2,
      messageCounts: { visitor: 1, agent: 0 },
    });
    expect(foldLogs(world.life, world.said, { sequence: 4 })).toMatchObject({ status: 'active', lastSender: 'ana' });
    expect(foldLogs(world.life, world.said, { sequence: 5 })).toMatchObject({ status: 'cancelled', episode: 1 });
    expect(foldLogs(world.life, world.said, { sequence: 99 })).toEqual(whole);
  });
  test('at an instant', () => {
    expect(foldLogs(world.life, world.said, { instant: T0 })).toMatchObject({
      status: 'pending',
      messageCounts: { visitor: 1, agent: 0 },
    });
    expect(foldLogs(world.life, world.said, { instant: '2026-11-21T10:00:01.999Z' })).toMatchObject({
      status: 'assigned',
    });
    expect(foldLogs(world.life, world.said, { instant: '2026-11-21T10:00:03.000Z' })).toMatchObject({
      status: 'cancelled',
    });
  });
  test('at an instant before something was said, it is not said', () => {
    const { world: talking } = given(visitorWrote, after(1000), visitorWrote);
    expect(foldLogs(talking.life, talking.said, { instant: T0 })).toMatchObject({ messageCounts: { visitor: 1 } });
    expect(foldLogs(talking.life, talking.said)).toMatchObject({ messageCounts: { visitor: 2 } });
  });
  test('before it began there is none', () => {
    expect(foldLogs(world.life, world.said, { instant: '2026-11-21T09:59:59.999Z' })).toBeUndefined();
    expect(foldLogs([], world.said)).toBeUndefined();
  });
  test('F21: what only a newer deployment knows takes its place in the life and changes nothing else', () => {
    const { tenantid, threadid, conversationId } = world.life[0] as LifecycleEvent;
    const sequence = world.life.length + 1;
    const about = { time: T0, sequence, tenantid, threadid, conversationId };
    const newer = { isOfNewerType: true as const, type: 'conversation.translated', messageNumber: 9, ...about };
    expect(foldLogs([newer, ...world.life], world.said)).toEqual({ ...whole, sequence });
  });
  test('an event without a beginning is a fault of the reader, and says so', () => {
    const [, second] = world.life;
    expect(() => evolve(undefined, second as LifecycleEvent)).toThrow(
      /conversation.queued of cnv_.* before its conversation.started/,
    );
  });
});
