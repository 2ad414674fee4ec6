import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { LiveActivityQuery } from '@parley/contracts/admin-http';
import type { ConversationView } from '@parley/contracts/conversation';
import type { Database } from '@parley/persistence/database';
import { CURSORS, type CursorPosition, type Cursors } from '@parley/service/cursor';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { presented } from '../conversation/presented.js';
import { ConversationRow } from '../lifecycle/conversation.entity.js';
import { DATABASE } from '../parts.js';
import { after, DEFAULT_SORT, matching, ordered, placeOf } from './live-activity.query.js';
import { scopeOf, withinScope } from './scope.js';

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** The live list of conversations, within the caller's scope (A2, D2, D3). */
@Injectable()
export class LiveActivity {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CURSORS) private readonly cursors: Cursors,
    private readonly configuration: ConfigurationStore,
  ) {}

  async list(tenant: string, caller: Caller, query: LiveActivityQuery): Promise<Page<ConversationView>> {
    const { limit, cursor, sort = DEFAULT_SORT, ...filter } = query;
    const binding = { tenant, list: 'live-activity', filter, sort };
    const place = pairIn(this.cursors.read(binding, cursor));
    const conditions = [
      { tenant },
      withinScope(scopeOf(caller, 'live-activity')),
      ...matching(filter, new Date().toISOString()),
      ...(place ? [after(sort, place)] : []),
    ];
    const options = { orderBy: ordered(sort), limit: limit + 1, disableIdentityMap: true };
    const rows = await this.database.inTenant(tenant, (em) => em.find(ConversationRow, { $and: conditions }, options));
    const { tagName } = await this.configuration.of(tenant);
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      items: page.flatMap(({ state }) => (state ? [presented(state, caller, tagName)] : [])),
      nextCursor: last ? this.cursors.write(binding, placeOf(sort, last)) : null,
    };
  }
}

function pairIn(position: CursorPosition | undefined): [string, string] | undefined {
  const [value, id] = position ?? [];
  return typeof value === 'string' && typeof id === 'string' ? [value, id] : undefined;
}
