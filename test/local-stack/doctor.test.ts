import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { demandRoom, demandWritable } from '../../deploy/local/doctor.ts';
import { profileOf } from '../../deploy/local/profile.ts';

const gib = 1024 ** 3;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('what would go wrong later is said before anything starts, in one line with the way out', () => {
  test('the disk is full', () => {
    expect(() => demandRoom({ freeDiskBytes: 1.5 * gib, freeMemoryBytes: 8 * gib })).toThrow(
      '1.5 GiB of disk are free, 2.0 GiB needed for the parts and their data. `npm run reset` forgets old data, PARLEY_LOCAL=/elsewhere keeps it on another disk.',
    );
  });

  test('there is too little memory', () => {
    expect(() => demandRoom({ freeDiskBytes: 8 * gib, freeMemoryBytes: 2.9 * gib })).toThrow(
      '2.9 GiB of memory are free, 3.0 GiB needed. Close something, or give a part from elsewhere (KAFKA_BROKERS, TEMPORAL_ADDRESS, DATABASE_URL).',
    );
    expect(() => demandRoom({ freeDiskBytes: 2 * gib, freeMemoryBytes: 3 * gib })).not.toThrow();
  });

  test('the folder cannot be written', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const local = join(file, 'local');
    expect(() => demandWritable(profileOf('dev', { PARLEY_LOCAL: local }))).toThrow(
      `Parley keeps its data in ${local}, which cannot be written. Make it yours: \`sudo chown -R $(id -un) ${local}\`, or name another folder with PARLEY_LOCAL.`,
    );
    expect(() => demandWritable(profileOf('dev', { PARLEY_LOCAL: join(folder, 'new') }))).not.toThrow();
  });
});
