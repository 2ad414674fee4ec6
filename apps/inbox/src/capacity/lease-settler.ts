import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Database } from '@parley/persistence/database';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, type ServiceLog } from '@parley/service/tokens';
import { ConversationClient } from '@parley/temporal/client';
import { Archive } from '../archive/archive.store.js';
import { Aftermath } from '../commands/aftermath.js';
import { sendUpdate } from '../commands/send-update.js';
import { Wakeable } from '../wakeable.js';
import { DATABASE, FRESH } from '../parts.js';
import { type LeaseCommand, LeaseRow } from './lease.entity.js';
import { Leases } from './leases.js';
import { PausedLeases } from './paused-leases.js';

const SWEEP_MS = 5_000;
const AT_ONCE = 20;
/** While one process asks, no other does. */
const ASK_AGAIN_S = 15;

interface Unsettled {
  tenant: string;
  conversation_id: string;
  episode: number;
  request_id: string;
}

/**
 * A lease whose Update got no answer is settled by asking again with the same updateId, never by a clock
 * (architecture.md, decision 12): the first answer comes back, or what it would be now. One that went with a message is
 * settled with it; taken by a dispatcher that came too late, it goes back once the message has its place.
 */
@Injectable()
export class LeaseSettler implements OnApplicationBootstrap {
  readonly #loop: Wakeable;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SERVICE_LOG) log: ServiceLog,
    private readonly temporal: ConversationClient,
    private readonly archive: Archive,
    private readonly leases: Leases,
    private readonly paused: PausedLeases,
    private readonly aftermath: Aftermath,
    private readonly shutdown: Shutdown,
  ) {
    this.#loop = new Wakeable(SWEEP_MS, (error) => log.warn({ err: error }, 'leases could not be settled'));
  }

  onApplicationBootstrap(): void {
    this.shutdown.on('workers', () => this.#loop.stop());
    this.#loop.start(() => this.#settleSome());
  }

  async #settleSome(): Promise<boolean> {
    const unsettled = await this.#claim();
    for (const { tenant, conversation_id, episode, request_id } of unsettled) {
      const key = { tenant, conversationId: conversation_id, episode, requestId: request_id };
      const row = await this.database.inTenant(tenant, (em) =>
        em.findOne(LeaseRow, { ...key, state: 'granted' }, FRESH),
      );
      if (row?.request) await this.#settle(row, row.request);
      else if (row) await this.paused.giveBackStray(row);
    }
    return unsettled.length === AT_ONCE;
  }

  async #settle(row: LeaseRow, request: LeaseCommand): Promise<void> {
    const { tenant, conversationId, agentId } = row;
    const reply = await sendUpdate(this.temporal, tenant, conversationId, request);
    if (reply.kind === 'unavailable') return;
    if (reply.kind === 'not-found' && (await this.archive.find(tenant, conversationId)).kind === 'behind') return;
    await this.leases.settle(row, agentId, reply);
    if (reply.kind === 'answer') await this.aftermath.of(tenant, conversationId, reply.answer);
  }

  #claim(): Promise<Unsettled[]> {
    return this.database.statementsAcross().execute<Unsettled>(
      `with due as (
           select tenant, conversation_id, episode, request_id from lease
           where state = 'granted' and settle_at < now() limit ? for update skip locked)
         update lease set settle_at = now() + ? * interval '1 s' from due
         where lease.tenant = due.tenant and lease.conversation_id = due.conversation_id
           and lease.episode = due.episode and lease.request_id = due.request_id
         returning lease.tenant, lease.conversation_id, lease.episode, lease.request_id`,
      [AT_ONCE, ASK_AGAIN_S],
    );
  }
}
