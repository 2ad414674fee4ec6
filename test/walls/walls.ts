/**
 * Who may import whom: the table of the architecture, once. eslint.config.mjs enforces it, walls.test.ts breaks it.
 * We do not use Nx's enforce-module-boundaries, because it silently skips when there is no project graph.
 */
export type Wall = {
  /** Workspace rooms its src may import. */
  rooms: readonly string[];
  /** Rooms and packages of which it may import types, and nothing else. */
  types?: readonly string[];
  /** The only packages from outside it may import; left out: any without another keeper. */
  packages?: readonly string[];
  /** Whether Node's own modules are open to it. */
  builtins?: true;
};

const lib: Wall = {
  rooms: ['contracts', 'lifecycle-log', 'temporal', 'persistence', 'identity', 'service'],
  builtins: true,
};
const service: Wall = { rooms: [...lib.rooms, 'domain'], types: ['workflows'], builtins: true };
const page: Wall = { rooms: ['contracts'] };

export const walls: Record<string, Wall> = {
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
  // Its pages are served by itself: a static server on node:http.
  'apps/console': { ...page, builtins: true },
  'apps/widget': page,
};

const services = ['apps/inbox', 'apps/admin', 'apps/stats', 'apps/notifications'];

/**
 * Files of contracts that hold names and no schema, so their values may enter the workflow bundle too (rule 8: schema
 * libraries stay out of it). walls.test.ts holds that they import nothing but types.
 */
export const schemaFree: readonly string[] = [
  '@parley/contracts/identifiers',
  '@parley/contracts/protocol',
  '@parley/contracts/signed',
  '@parley/contracts/tag',
];

/** Packages with one keeper, so that leaving them means one folder: a prefix, and the rooms whose src may import it. */
export const keepers: Record<string, readonly string[]> = {
  kafkajs: ['libs/lifecycle-log'],
  '@temporalio/client': ['libs/temporal'],
  '@temporalio/worker': ['libs/temporal', 'apps/worker'],
  '@temporalio/workflow': ['workflows'],
  '@temporalio/testing': [],
  '@mikro-orm/': ['libs/persistence', ...services],
};
