import { expect, test } from '@jest/globals';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/data-converter-helpers.js';
import { isSigned, isUndecodable } from '@parley/contracts/signed';
import { dataConverter } from '../src/data-converter.js';

test('the SDK loads the converter by its path', () => {
  const loaded = loadDataConverter(dataConverter({ secret: 'one' }));
  expect(loaded.payloadConverter.fromPayload(loaded.payloadConverter.toPayload({ a: 1 }))).toEqual({ a: 1 });
  expect(isSigned({}) || isUndecodable({})).toBe(false);
});
