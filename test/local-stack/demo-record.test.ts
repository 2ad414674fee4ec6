import { describe, expect, test } from '@jest/globals';
import { type End, endsFromBoth } from '../../deploy/local/demo/record.ts';

const ID = 'cnv_1';
const view = (status: string, sequence: number, closeKind?: string): unknown => ({
  status,
  sequence,
  closing: closeKind === undefined ? null : { closeKind },
});

/** Answers its items in turn, and the last one for ever. */
function inTurn<T>(items: readonly T[]): { asked: () => number; next: () => Promise<T> } {
  let asked = 0;
  const next = (): Promise<T> => {
    const item = items[Math.min(asked, items.length - 1)];
    asked += 1;
    return item === undefined ? Promise.reject(new Error('nothing to answer')) : Promise.resolve(item);
  };
  return { asked: () => asked, next };
}

async function read(views: unknown[], logged: End[], patienceMs = 5_000) {
  const [api, log] = [inTurn(views), inTurn(logged)];
  const readLog = async () => new Map([[ID, await log.next()]]);
  const ends = await endsFromBoth({ get: api.next }, readLog, new Set([ID]), patienceMs);
  return { ends: ends.get(ID), views: api.asked(), reads: log.asked() };
}

const closed = (sequence: number): End => ({ end: 'closed (agent)', sequence });

describe('what became of a conversation, from the API and from the log', () => {
  test('an API that is behind is read until it is as far as the log', async () => {
    const views = [
      view('active', 6),
      view('closed', 7, 'agent'),
      view('closed', 7, 'agent'),
      view('closed', 8, 'agent'),
    ];
    expect(await read(views, [closed(8)])).toEqual({ ends: { api: closed(8), kafka: closed(8) }, views: 4, reads: 1 });
  });

  test('one that is as far already is not asked again', async () => {
    expect(await read([view('closed', 8, 'agent')], [closed(8)])).toMatchObject({ views: 1, reads: 1 });
  });

  test('a log that went on meanwhile is read again', async () => {
    const views = [view('closed', 7, 'agent'), view('closed', 9, 'agent')];
    const { ends, reads } = await read(views, [closed(8), closed(9)]);
    expect([ends, reads]).toEqual([{ api: closed(9), kafka: closed(9) }, 2]);
  });

  test('an API that stays behind is a difference, told as it is', async () => {
    const { ends } = await read([view('closed', 7, 'agent')], [closed(8)], 300);
    expect(ends).toEqual({ api: closed(7), kafka: closed(8) });
  });

  test('another end at the same sequence is a difference at once', async () => {
    const { ends, views } = await read([view('closed', 8, 'supervisor')], [closed(8)]);
    expect([ends, views]).toEqual([{ api: { end: 'closed (supervisor)', sequence: 8 }, kafka: closed(8) }, 1]);
  });
});
