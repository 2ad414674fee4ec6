import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, type ServiceLog } from '@parley/service/tokens';
import { Wakeable } from '../wakeable.js';
import { HeardTenants } from '../heard-tenants.js';
import { DATABASE, HEARD } from '../parts.js';
import { DESK_STREAM } from './desk-changes.js';

const SWEEP_MS = 5_000;
const AT_ONCE = 1_000;

/**
 * Gives positions to what moved on desks, in the order in which it was committed: whoever sees position n has everything
 * up to n. One short statement for many changes, by whichever replica hears first; the others wait for it and find nothing.
 */
@Injectable()
export class DeskSequence implements OnApplicationBootstrap {
  readonly #loop: Wakeable;
  readonly #tenants: HeardTenants;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SERVICE_LOG) log: ServiceLog,
    private readonly shutdown: Shutdown,
  ) {
    const onError = (error: unknown): void => log.warn({ err: error }, 'desk changes have no position yet');
    this.#loop = new Wakeable(SWEEP_MS, onError);
    this.#tenants = new HeardTenants(
      SWEEP_MS,
      () => this.#left(),
      onError,
      () => this.#loop.wake(),
    );
  }

  onApplicationBootstrap(): void {
    this.database.listen(HEARD.deskFresh, (tenant) => {
      this.#tenants.hear(tenant);
      this.#loop.wake();
    });
    this.shutdown.on('workers', async () => {
      await this.#loop.stop();
      await this.#tenants.idle();
    });
    this.#loop.start(async () => {
      await this.#tenants.begin((tenant) => this.#sequence(tenant));
      return false;
    });
  }

  async #sequence(tenant: string): Promise<void> {
    // One at a time until it commits: the next sees what this one placed.
    const given = await this.database.statements(tenant).execute(
      `select pg_advisory_xact_lock(hashtextextended(?, 0));
         with fresh as (
           select id, row_number() over (order by id) as place, count(*) over () as size from (
             select id from desk_change where tenant = ? and position is null order by id limit ?) as unplaced),
         upto as (
           insert into stream_position as known (tenant, stream, position)
           select ?, ?, max(size) from fresh having count(*) > 0
           on conflict (tenant, stream) do update set position = known.position + excluded.position
           returning position),
         placed as (
           update desk_change set position = upto.position - fresh.size + fresh.place from fresh, upto
           where desk_change.id = fresh.id returning desk_change.id)
         select pg_notify(current_schema() || '_${HEARD.desk}', ?) from placed`,
      [`${DESK_STREAM}/${tenant}`, tenant, AT_ONCE, tenant, DESK_STREAM, tenant],
    );
    if (given.length === AT_ONCE) this.#tenants.hear(tenant);
  }

  /** What nobody heard of. */
  async #left(): Promise<string[]> {
    const rows = await this.database
      .statementsAcross()
      .execute<{ tenant: string }>('select distinct tenant from desk_change where position is null');
    return rows.map(({ tenant }) => tenant);
  }
}
