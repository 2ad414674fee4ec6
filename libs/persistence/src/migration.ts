import type { MigrationObject } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';

/** Ordered by their place in the service's list; a name that has run never changes, nor does its content. */
export function migration(name: string, statements: string[]): MigrationObject {
  return {
    name,
    class: class extends Migration {
      override up(): void {
        for (const statement of statements) this.addSql(statement);
      }
    },
  };
}

/**
 * Rows of another tenant do not exist, for the owner neither: the tenant of the transaction decides (`inTenant`), `*`
 * is every tenant's (`acrossTenants`), none is nobody's.
 */
export function rowLevelSecurity(table: string, column = 'tenant'): string[] {
  const mine = `${column} = current_setting('parley.tenant', true) or current_setting('parley.tenant', true) = '*'`;
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy tenant on ${table} using (${mine}) with check (${mine})`,
  ];
}

/** Fills itself from the transaction, so no insert can forget it. */
export const TENANT_COLUMN = `tenant text not null default current_setting('parley.tenant')`;
