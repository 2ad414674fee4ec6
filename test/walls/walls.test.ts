import { describe, expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lint, root, type, value } from './lint.js';
import { schemaFree, walls } from './walls.js';

const workspaceRooms = () => globSync('{apps/*,libs/*,workflows}/package.json', { cwd: root }).map(dirname);

describe('every room stands in the table', () => {
  test.each(workspaceRooms())('%s', (room) => expect(Object.keys(walls)).toContain(room));

  test('a room that stands in no wall may import nothing', async () => {
    expect(await lint('libs/new/src/a.ts', value('zod'))).toEqual([
      'parley/imports: libs/new stands in no wall; add it to test/walls/walls.ts.',
    ]);
  });
});

describe('what a room may not import', () => {
  test.each([
    ['libs/contracts', value('@parley/domain/decide'), 'libs/contracts may not import domain.'],
    ['libs/contracts', type('@parley/identity/actor'), 'libs/contracts may not import identity.'],
    ['libs/contracts', value('rxjs'), 'libs/contracts may not import rxjs.'],
    ['libs/contracts', value('node:crypto'), 'libs/contracts may not import node:crypto.'],
    ['libs/domain', value('@parley/contracts/reason'), 'libs/domain may import only types from contracts.'],
    ['libs/domain', type('@parley/service/clock'), 'libs/domain may not import service.'],
    ['libs/domain', value('zod'), 'libs/domain may not import zod.'],
    ['libs/domain', value('node:crypto'), 'libs/domain may not import node:crypto.'],
    ['workflows', value('@parley/contracts/reason'), 'workflows may import only types from contracts.'],
    ['workflows', type('@parley/temporal/client'), 'workflows may not import temporal.'],
    ['workflows', value('@temporalio/common'), 'workflows may import only types from @temporalio/common.'],
    ['workflows', value('@temporalio/activity'), 'workflows may not import @temporalio/activity.'],
    ['workflows', value('zod'), 'workflows may not import zod.'],
    ['workflows', value('node:fs'), 'workflows may not import node:fs.'],
    ['libs/lifecycle-log', type('@parley/domain/decide'), 'libs/lifecycle-log may not import domain.'],
    ['libs/temporal', type('@parley/domain/decide'), 'libs/temporal may not import domain.'],
    ['libs/temporal', type('@parley/workflows/conversation'), 'libs/temporal may not import workflows.'],
    ['libs/persistence', value('@parley/domain/decide'), 'libs/persistence may not import domain.'],
    ['libs/identity', value('@parley/domain/decide'), 'libs/identity may not import domain.'],
    ['libs/service', type('@parley/admin/close'), 'libs/service may not import admin.'],
    ['apps/worker', value('@parley/domain/decide'), 'apps/worker may not import domain.'],
    ['apps/worker', value('@parley/persistence/orm'), 'apps/worker may not import persistence.'],
    ['apps/inbox', value('@parley/admin/close'), 'apps/inbox may not import admin.'],
    ['apps/admin', value('@parley/workflows/conversation'), 'apps/admin may import only types from workflows.'],
    ['apps/stats', type('@parley/inbox/desk'), 'apps/stats may not import inbox.'],
    ['apps/notifications', type('@parley/worker/main'), 'apps/notifications may not import worker.'],
    ['apps/console', type('@parley/domain/decide'), 'apps/console may not import domain.'],
    ['apps/widget', value('node:fs'), 'apps/widget may not import node:fs.'],
    ['apps/widget', value('@parley/identity/actor'), 'apps/widget may not import identity.'],
  ])('%s: %s', async (room, code, message) => {
    expect(await lint(`${room}/src/feature/breach.ts`, code)).toEqual([`parley/imports: ${message}`]);
  });

  test('nor by re-export, by dynamic import or inside a type', async () => {
    const code = [
      `export { z } from 'zod';`,
      `export const later = () => import('zod');`,
      `export type Later = import('@parley/service/clock').Clock;`,
    ].join('\n');
    expect(await lint('libs/domain/src/a.ts', code)).toEqual([
      'parley/imports: libs/domain may not import zod.',
      'parley/imports: libs/domain may not import zod.',
      'parley/imports: libs/domain may not import service.',
      '@typescript-eslint/consistent-type-imports: `import()` type annotations are forbidden.',
    ]);
  });
});

describe('a package with one keeper', () => {
  test.each([
    ['apps/inbox', 'kafkajs', 'libs/lifecycle-log'],
    ['libs/lifecycle-log', '@temporalio/client', 'libs/temporal'],
    ['apps/admin', '@temporalio/worker', 'libs/temporal, apps/worker'],
    ['apps/worker', '@temporalio/workflow', 'workflows'],
    ['libs/temporal', '@temporalio/testing', 'tests'],
    ['libs/identity', '@mikro-orm/core', 'libs/persistence, apps/inbox, apps/admin, apps/stats, apps/notifications'],
  ])('%s leaves %s to %s', async (room, name, keeper) => {
    const message = `parley/imports: ${room} may not import ${name}; it is kept by ${keeper}.`;
    expect(await lint(`${room}/src/a.ts`, value(name))).toEqual([message]);
  });
});

describe('no way around the exports', () => {
  test.each([
    [
      'libs/domain/src/a.ts',
      '../../contracts/src/reason.js',
      'libs/domain reaches into libs/contracts by a relative path; import its exports.',
    ],
    [
      'workflows/src/a.ts',
      '../../apps/inbox/src/desk.js',
      'workflows reaches into apps/inbox by a relative path; import its exports.',
    ],
    [
      'apps/inbox/test/a.test.ts',
      '../../admin/src/close.js',
      'apps/inbox reaches into apps/admin by a relative path; import its exports.',
    ],
    [
      'test/faults/a.test.ts',
      '../../libs/temporal/src/client.js',
      'test reaches into libs/temporal by a relative path; import its exports.',
    ],
    [
      'apps/inbox/src/a.ts',
      '@parley/domain/src/decide',
      '@parley/domain/src/decide is behind the exports of @parley/domain.',
    ],
    [
      'test/faults/a.test.ts',
      '@parley/domain/dist/decide.js',
      '@parley/domain/dist/decide.js is behind the exports of @parley/domain.',
    ],
  ])('%s: %s', async (file, specifier, message) => {
    expect(await lint(file, value(specifier))).toEqual([`parley/imports: ${message}`]);
  });
});

describe('what a room may import', () => {
  test.each([
    ['libs/contracts/src/a.ts', value('zod')],
    ['libs/domain/src/a.ts', type('@parley/contracts/reason')],
    ['libs/domain/src/policy/a.ts', value('../evolve.js')],
    ['workflows/src/a.ts', value('@parley/domain/decide')],
    ['workflows/src/a.ts', value('@temporalio/workflow')],
    ['workflows/src/a.ts', type('@temporalio/common')],
    ['workflows/src/a.ts', type('@parley/contracts/reason')],
    ['workflows/src/a.ts', value('@parley/contracts/protocol')],
    ['libs/lifecycle-log/src/a.ts', value('kafkajs')],
    ['libs/lifecycle-log/src/a.ts', value('@parley/service/logger')],
    ['libs/temporal/src/a.ts', value('@temporalio/client')],
    ['libs/persistence/src/a.ts', value('@mikro-orm/postgresql')],
    ['libs/service/src/a.ts', value('node:http')],
    ['apps/worker/src/a.ts', value('@parley/workflows/conversation')],
    ['apps/worker/src/a.ts', value('@temporalio/worker')],
    ['apps/admin/src/a.ts', value('@parley/domain/decide')],
    ['apps/admin/src/a.ts', type('@parley/workflows/conversation')],
    ['apps/stats/src/a.ts', value('@mikro-orm/core')],
    ['apps/console/src/a.ts', value('@parley/contracts/reason')],
    ['libs/domain/test/a.test.ts', value('fast-check')],
    ['libs/domain/test/a.test.ts', value('../src/decide.js')],
    ['libs/lifecycle-log/test/a.test.ts', value('../../../deploy/local/kafka.js')],
    ['test/end-to-end/a.test.ts', value('@parley/workflows/conversation')],
    ['deploy/local/a.ts', value('@temporalio/client')],
  ])('%s: %s', async (file, code) => {
    expect(await lint(file, code)).toEqual([]);
  });
});

test.each(schemaFree)('%s imports nothing but types, so no schema library follows it into the bundle', (specifier) => {
  const source = readFileSync(join(root, `libs/contracts/src/${specifier.split('/').at(-1)}.ts`), 'utf8');
  expect(
    source
      .split('\n')
      .filter((line) => /^(import|export)\b.* from /.test(line) && !/^(import|export) type /.test(line)),
  ).toEqual([]);
});
