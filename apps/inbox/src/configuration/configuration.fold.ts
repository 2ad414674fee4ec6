import { Inject, Injectable } from '@nestjs/common';
import { Poison } from '@parley/lifecycle-log/failure';
import type { LogRecord } from '@parley/lifecycle-log/kafka-record';
import { readConfiguration } from '@parley/lifecycle-log/read-lifecycle';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { DATABASE, HEARD } from '../parts.js';
import { FoldMetrics } from '../lifecycle/fold.metrics.js';
import { ChannelAccounts } from './channel-accounts.js';

/**
 * `parley.configuration.v1` into our own table: the newest version of each key, whoever wrote it. Of what we write it is
 * also what arrived: an older record over a newer one (of an outbox that froze while it sent) is said anew.
 */
@Injectable()
export class ConfigurationFold {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly metrics: FoldMetrics,
    private readonly accounts: ChannelAccounts,
  ) {}

  async fold(record: LogRecord): Promise<void> {
    const read = readConfiguration(record);
    if (read.kind === 'poison') throw new Poison(read.reason);
    if (read.kind === 'unknown-type') return this.metrics.skipped(read.type);
    const { tenantid: tenant, kind, key, version, value } = read.event;
    const isCovered = await this.database.inTenant(tenant, async (em) => {
      // A withdrawn one keeps its row: what came before it must not come back.
      await em.execute(
        `insert into configuration as known (tenant, kind, key, version, value) values (?, ?, ?, ?, ?)
         on conflict (tenant, kind, key) do update set version = excluded.version, value = excluded.value
         where known.version < excluded.version`,
        [tenant, kind, key, version, value === null ? null : JSON.stringify(value)],
      );
      await notify(em, HEARD.configuration, tenant);
      await notify(em, HEARD.thread);
      await notify(em, HEARD.router, tenant);
      const [newer] = await em.execute<unknown[]>(
        'select 1 from configuration where tenant = ? and kind = ? and key = ? and version > ?',
        [tenant, kind, key, version],
      );
      return newer !== undefined;
    });
    if (isCovered && kind === 'channel-account') await this.accounts.sayAgain(tenant, key, version);
  }
}
