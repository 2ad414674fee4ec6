import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { OutgoingMessage } from '@parley/contracts/inbox-http';
import type { Database } from '@parley/persistence/database';
import { isUnavailable } from '@parley/persistence/unavailable';
import type { Vault } from '@parley/persistence/vault';
import { Metrics } from '@parley/service/metrics';
import { ProblemError } from '@parley/service/problem';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, type ServiceLog } from '@parley/service/tokens';
import { Counter } from 'prom-client';
import { Contacts } from '../channel-messages/contacts.js';
import { ChannelAccounts } from '../configuration/channel-accounts.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { Wakeable } from '../wakeable.js';
import { DATABASE, FRESH, HEARD, VAULT } from '../parts.js';
import { DeliveryRow } from './delivery.entity.js';
import { ACCOUNT_GONE } from './give-up-deliveries.js';
import { sendOnce, type Sent } from './outgoing-request.js';
import { pauseAfter } from './schedule.js';

const AT_ONCE = 16;
const SWEEP_MS = 5_000;
/** Longer than one attempt. */
const LEASE_S = 20;

/** What agents write leaves by the account's `deliveryUrl`: signed, in order per thread, again and again until it is taken. */
@Injectable()
export class Deliveries implements OnApplicationBootstrap {
  readonly #loop: Wakeable;
  readonly #inHand = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #attempts: Counter<'outcome'>;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly accounts: ChannelAccounts,
    private readonly contacts: Contacts,
    private readonly shutdown: Shutdown,
    { registry }: Metrics,
  ) {
    this.#loop = new Wakeable(SWEEP_MS, (error) => this.log.warn({ err: error }, 'deliveries cannot be looked up'));
    this.#attempts = new Counter({
      name: 'inbox_deliveries_total',
      help: 'Attempts to deliver an agent’s message by a deliveryUrl.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  onApplicationBootstrap(): void {
    this.database.listen(HEARD.delivery, () => this.#loop.wake());
    this.shutdown.on('workers', async () => {
      await this.#loop.stop();
      this.#stopping.abort();
      await Promise.all(this.#inHand);
    });
    this.#loop.start(() => this.#deliverSome());
  }

  async #deliverSome(): Promise<boolean> {
    const room = AT_ONCE - this.#inHand.size;
    if (room === 0) {
      await Promise.race(this.#inHand);
      return true;
    }
    const claimed = await this.#claim(room);
    for (const { tenant, message_id } of claimed) this.#begin(tenant, message_id);
    return claimed.length === room;
  }

  #begin(tenant: string, messageId: string): void {
    const delivering = this.#deliver(tenant, messageId)
      .catch((error: unknown) =>
        this.log[isUnavailable(error) ? 'warn' : 'error']({ err: error, messageId }, 'a delivery could not be tried'),
      )
      .finally(() => {
        this.#inHand.delete(delivering);
        // The next of its thread may go now.
        this.#loop.wake();
      });
    this.#inHand.add(delivering);
  }

  async #deliver(tenant: string, messageId: string): Promise<void> {
    const row = await this.database.inTenant(tenant, (em) => em.findOne(DeliveryRow, { tenant, messageId }, FRESH));
    if (row?.state !== 'waiting') return;
    const sent = await this.#send(row).catch(orFailed);
    if (this.#stopping.signal.aborted && sent.kind === 'failed') return;
    this.#attempts.inc({ outcome: sent.kind });
    await this.#keep(row, sent);
  }

  async #send({ tenant, messageId, channelAccount }: DeliveryRow): Promise<Sent> {
    const message = await this.database.inTenant(tenant, (em) =>
      em.findOne(MessageRow, { tenant, id: messageId }, FRESH),
    );
    const account = await this.accounts.find(tenant, channelAccount).catch(orGone);
    if (!account) return { kind: 'failed', why: ACCOUNT_GONE, isFinal: true };
    const secret = await this.accounts.secretOf(account);
    const { conversationId, body, contactId } = message ?? {};
    if (!conversationId || !body || !contactId || !secret || !account.deliveryUrl)
      return { kind: 'failed', why: 'nowhere to go' };
    const place = { tenant, contactId, table: 'message', column: 'body', row: messageId };
    const text = await this.vault.open(place, body);
    const contact = await this.contacts.externalIdOf(tenant, contactId);
    if (text === undefined || contact === undefined) return { kind: 'failed', why: 'contact erased' };
    const outgoing: OutgoingMessage = { messageId, conversationId, contact, text };
    const request = { url: account.deliveryUrl, secret, id: messageId, body: JSON.stringify(outgoing) };
    return sendOnce(request, this.#stopping.signal);
  }

  async #keep({ tenant, messageId, attempts }: DeliveryRow, sent: Sent): Promise<void> {
    const tried = attempts + 1;
    const pauseMs = sent.kind === 'failed' && !sent.isFinal ? pauseAfter(tried, Math.random()) : undefined;
    const state = sent.kind === 'delivered' ? 'delivered' : pauseMs === undefined ? 'failed' : 'waiting';
    const lastOutcome = sent.kind === 'delivered' ? 'delivered' : sent.why;
    const change = {
      state,
      attempts: tried,
      lastOutcome,
      leasedUntil: null,
      nextAttemptAt: new Date(Date.now() + (pauseMs ?? 0)),
    } as const;
    await this.database.inTenant(tenant, (em) =>
      em.nativeUpdate(DeliveryRow, { tenant, messageId, state: 'waiting' }, change),
    );
    if (pauseMs !== undefined && pauseMs < SWEEP_MS * 10) this.#loop.wakeIn(pauseMs + 10);
    if (state === 'failed') this.log.error({ messageId, why: lastOutcome, attempts: tried }, 'a delivery was given up');
  }

  /** The first that waits of each thread, when its time has come and nobody else tries it. */
  #claim(limit: number): Promise<{ tenant: string; message_id: string }[]> {
    return this.database.statementsAcross().execute<{ tenant: string; message_id: string }>(
      `with due as (
           select tenant, message_id from delivery one
           where state = 'waiting' and next_attempt_at <= now() and (leased_until is null or leased_until < now())
             and not exists (
               select 1 from delivery before
               where before.tenant = one.tenant and before.thread_id = one.thread_id and before.state = 'waiting'
                 and before.position < one.position)
           order by next_attempt_at limit ? for update skip locked)
         update delivery set leased_until = now() + ? * interval '1 s' from due
         where delivery.tenant = due.tenant and delivery.message_id = due.message_id
         returning delivery.tenant, delivery.message_id`,
      [limit, LEASE_S],
    );
  }
}

/** A database that is away says nothing of this delivery; whatever else stands in its way counts as an attempt. */
function orFailed(error: unknown): Sent {
  if (isUnavailable(error)) throw error;
  return { kind: 'failed', why: error instanceof Error ? error.name : 'not sent' };
}

function orGone(error: unknown): undefined {
  if (!(error instanceof ProblemError) || error.status !== 404) throw error;
}
