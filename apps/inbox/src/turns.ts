import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { DATABASE } from './parts.js';

/** What no tenant's rows may see, all do together. */
export const EVERYBODY = '*';

/** Whose turn it is among replicas: until an instant, and again when its holder asks in time. */
@Injectable()
export class Turns {
  /** This process, among its replicas. */
  readonly #owner = randomUUID();

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Takes a free turn, or keeps our own for `holdS` more; answers whether it is ours. */
  async take(tenant: string, name: string, holdS: number): Promise<boolean> {
    const rows = await this.database.statementsAcross().execute(
      `insert into turn as known (tenant, name, owner, held_until) values (?, ?, ?, now() + ? * interval '1 s')
       on conflict (tenant, name) do update set owner = excluded.owner, held_until = excluded.held_until
       where known.held_until < now() or known.owner = excluded.owner returning owner`,
      [tenant, name, this.#owner, holdS],
    );
    return rows.length > 0;
  }

  async giveUp(tenant: string, name: string): Promise<void> {
    const mine = [tenant, name, this.#owner];
    await this.database
      .statementsAcross()
      .execute('delete from turn where tenant = ? and name = ? and owner = ?', mine);
  }
}
