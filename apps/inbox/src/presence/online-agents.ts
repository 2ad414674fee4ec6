import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { DATABASE, HEARD } from '../parts.js';

/** A notification may be lost with a connection. */
const TRUSTED_MS = 5_000;

/** Who is online, in memory until somebody comes or goes: every message that might start something asks. */
@Injectable()
export class OnlineAgents {
  readonly #kept = new Map<string, { agents: Promise<string[]>; until: number }>();

  constructor(@Inject(DATABASE) private readonly database: Database) {
    database.listen(HEARD.presence, (tenant) => {
      if (tenant === null) this.#kept.clear();
      else this.#kept.delete(tenant);
    });
  }

  of(tenant: string): Promise<string[]> {
    const kept = this.#kept.get(tenant);
    if (kept && kept.until > performance.now()) return kept.agents;
    const agents = this.#read(tenant);
    this.#kept.set(tenant, { agents, until: performance.now() + TRUSTED_MS });
    agents.catch(() => this.#kept.delete(tenant));
    return agents;
  }

  async #read(tenant: string): Promise<string[]> {
    const rows = await this.database
      .statements(tenant)
      .execute<{ id: string }>(`select id from agent where tenant = ? and status = 'online'`, [tenant]);
    return rows.map(({ id }) => id);
  }
}
