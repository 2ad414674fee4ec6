import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import type { IdempotencyStore } from '@parley/persistence/idempotency-store';
import { Health } from '@parley/service/health';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, type ServiceLog } from '@parley/service/tokens';
import { DispatchMetrics } from '../dispatch/dispatch.metrics.js';
import { Wakeable } from '../wakeable.js';
import { DATABASE, IDEMPOTENCY } from '../parts.js';

const EVERY_MS = 60_000;
/** A screen that was away for longer begins anew (`event: reset`). */
const STREAM_KEPT = '1 hour';
/** As long as an answer is kept for its key: nobody repeats a command after that. */
const LEASE_KEPT = '1 day';
/** In one statement, below its time limit. */
const A_BATCH = 5_000;

/** Forgets what nobody asks for any more; and says when messages do not move. */
@Injectable()
export class Upkeep implements OnApplicationBootstrap {
  readonly #loop: Wakeable;
  readonly #stopping = new AbortController();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(IDEMPOTENCY) private readonly idempotency: IdempotencyStore,
    @Inject(SERVICE_LOG) log: ServiceLog,
    private readonly dispatch: DispatchMetrics,
    private readonly health: Health,
    private readonly shutdown: Shutdown,
  ) {
    this.#loop = new Wakeable(EVERY_MS, (error) => log.warn({ err: error }, 'upkeep could not be done'));
  }

  onApplicationBootstrap(): void {
    this.health.add({
      name: 'dispatcher',
      check: async () => {
        const { waiting, held } = await this.dispatch.backlog();
        return { up: held === 0, detail: `${waiting} threads wait, ${held} of them held` };
      },
    });
    this.shutdown.on('workers', () => {
      this.#stopping.abort();
      return this.#loop.stop();
    });
    this.#loop.start(() => this.#tidy());
  }

  async #tidy(): Promise<boolean> {
    await this.idempotency.sweep(this.#stopping.signal);
    const forgotten = await this.database.acrossTenants(async (em) => {
      const changes = await em.execute<unknown[]>(
        `delete from desk_change where id in (
           select id from desk_change where at < now() - interval '${STREAM_KEPT}' and position is not null limit ?)
         returning id`,
        [A_BATCH],
      );
      // Locked as it is looked at: one that tells of more by now is not forgotten for what it told before.
      const decided = await em.execute<unknown[]>(
        `delete from decided where (tenant, conversation_id) in (
           select d.tenant, d.conversation_id from decided d
           join conversation c on c.tenant = d.tenant and c.id = d.conversation_id
           where c.sequence >= d.sequence limit ? for update of d skip locked)
         returning conversation_id`,
        [A_BATCH],
      );
      const leases = await em.execute<unknown[]>(
        `delete from lease where (tenant, conversation_id, episode, request_id) in (
           select tenant, conversation_id, episode, request_id from lease
           where state = 'freed' and freed_at < now() - interval '${LEASE_KEPT}' limit ?)
         returning request_id`,
        [A_BATCH],
      );
      return Math.max(changes.length, decided.length, leases.length);
    });
    return forgotten === A_BATCH;
  }
}
