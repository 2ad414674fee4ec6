import { migration, rowLevelSecurity } from '@parley/persistence/migration';
import { DESK_TABLES, FREED_LEASES, GUARDS_OF_MESSAGES, LIFE_TABLES, MESSAGE_TABLES, TENANT_TABLES } from './tables.js';

export const MIGRATIONS = [
  migration('inbox-1', [
    ...MESSAGE_TABLES,
    ...LIFE_TABLES,
    ...DESK_TABLES,
    ...TENANT_TABLES.flatMap((table) => rowLevelSecurity(table)),
  ]),
  migration('inbox-2-guards-of-messages', GUARDS_OF_MESSAGES),
  migration('inbox-3-freed-leases', FREED_LEASES),
];
