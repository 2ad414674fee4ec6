import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { CommandOf } from '@parley/contracts/command';

/** `granted`: sent along with a command whose outcome is not known yet; `used`: the conversation holds it; `freed`. */
export type LeaseState = 'granted' | 'used' | 'freed';

/** The ledger of room: one row per conversation, episode and request, kept after it is freed so that a repeat stays one. */
export const LeaseRow = defineEntity({
  name: 'Lease',
  tableName: 'lease',
  properties: {
    tenant: p.text().primary(),
    conversationId: p.text().primary(),
    episode: p.integer().primary(),
    requestId: p.text().primary(),
    agentId: p.text(),
    state: p.text().$type<LeaseState>(),
    /** The life's sequence at which it began to be used. */
    usedSequence: p.integer().nullable(),
    takenAt: p.datetime(),
    freedAt: p.datetime().nullable(),
    /** The Update to ask again when its outcome stayed unknown; null where the workflow itself asked for the lease. */
    request: p.json().$type<LeaseCommand>().nullable(),
    settleAt: p.datetime().nullable(),
  },
});
export type LeaseRow = InferEntity<typeof LeaseRow>;

/** An Update that carries a lease, as it was sent. */
export type LeaseCommand = CommandOf<'assign'> | CommandOf<'resume'> | CommandOf<'reassign'>;
