/**
 * Who may import whom: docs/architecture.md's table, once. eslint.config.mjs and walls.test.ts read it.
 * We do not use Nx's enforce-module-boundaries, because it silently skips when there is no project graph.
 *
 * rooms: workspace rooms a room's src may import. types: the same, but only by `import type`.
 * packages: when given, the only packages from outside it may import. builtins: whether `node:` modules are open to it.
 */
const lib = { rooms: ['contracts', 'lifecycle-log', 'temporal', 'persistence', 'identity', 'service'], builtins: true };
const service = { rooms: [...lib.rooms, 'domain'], types: ['workflows'], builtins: true };
const page = { rooms: ['contracts'] };

export const walls = {
  'libs/contracts': { rooms: [], packages: ['zod'] },
  'libs/domain': { rooms: [], types: ['contracts'], packages: [] },
  workflows: {
    rooms: ['domain'],
    types: ['contracts', '@temporalio/common'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
  },
  'libs/lifecycle-log': lib,
  'libs/temporal': lib,
  'libs/persistence': lib,
  'libs/identity': lib,
  'libs/service': lib,
  'apps/worker': { rooms: ['workflows', 'lifecycle-log', 'temporal', 'service', 'contracts'], builtins: true },
  'apps/inbox': service,
  'apps/admin': service,
  'apps/stats': service,
  'apps/notifications': service,
  'apps/console': page,
  'apps/widget': page,
};

const services = ['apps/inbox', 'apps/admin', 'apps/stats', 'apps/notifications'];

/** Packages with one keeper, so that leaving them means one folder: a prefix, and the rooms whose src may import it. */
export const keepers = {
  kafkajs: ['libs/lifecycle-log'],
  '@temporalio/client': ['libs/temporal'],
  '@temporalio/worker': ['libs/temporal', 'apps/worker'],
  '@temporalio/workflow': ['workflows'],
  '@temporalio/testing': [],
  '@mikro-orm/': ['libs/persistence', ...services],
};
