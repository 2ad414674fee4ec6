import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { randomUUID } from 'node:crypto';
import { DATABASE } from '../parts.js';

/** Longer than one round takes with Temporal slow; a router that stopped in the middle blocks its tenant so long. */
const HELD_S = 20;

/** One router at a time per tenant, over all replicas. */
@Injectable()
export class RouterLock {
  readonly #owner = randomUUID();

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Runs the work unless somebody else routes this tenant; answers whether it ran. */
  async holding(tenant: string, work: () => Promise<void>): Promise<boolean> {
    if (!(await this.#take(tenant))) return false;
    try {
      await work();
      return true;
    } finally {
      await this.#release(tenant);
    }
  }

  async #take(tenant: string): Promise<boolean> {
    return this.database.inTenant(tenant, async (em) => {
      const rows = await em.execute<unknown[]>(
        `insert into router as known (tenant, owner, held_until) values (?, ?, now() + ? * interval '1 s')
         on conflict (tenant) do update set owner = excluded.owner, held_until = excluded.held_until
         where known.held_until < now() returning owner`,
        [tenant, this.#owner, HELD_S],
      );
      return rows.length > 0;
    });
  }

  async #release(tenant: string): Promise<void> {
    await this.database.inTenant(tenant, (em) =>
      em.execute('delete from router where tenant = ? and owner = ?', [tenant, this.#owner]),
    );
  }
}
