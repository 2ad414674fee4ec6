import { expect, test } from '@jest/globals';
import { foreignMessageIdOf, outsideMessageIdOf } from '@parley/contracts/identifiers';

test('another system’s message id is one of its thread with us, and outside what it was', () => {
  const threads = ['th_aaaaaaaaaaaaaaaaaaaaaa', 'th_bbbbbbbbbbbbbbbbbbbbbb'];
  const ids = threads.map((thread) => foreignMessageIdOf(thread, '1'));
  expect(new Set(ids).size).toBe(2);
  expect(threads.map((thread, index) => outsideMessageIdOf(thread, ids[index] ?? ''))).toEqual(['1', '1']);
  expect(outsideMessageIdOf(threads[0] ?? '', 'msg_1')).toBe('msg_1');
});
