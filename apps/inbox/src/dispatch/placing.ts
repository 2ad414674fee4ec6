import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { assigneeOf } from '@parley/domain/conversation';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { SETTINGS } from '@parley/service/tokens';
import { tellRoom } from '../capacity/activity.js';
import { settlePausedLease } from '../capacity/paused-leases.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { addDelivery } from '../deliveries/add-delivery.js';
import { showMessage } from '../desk/desk-changes.js';
import { foldMessage } from '../lifecycle/conversation-fold.js';
import { noteDecided } from '../lifecycle/decided.js';
import { notifyAll } from '../notices.js';
import { DATABASE } from '../parts.js';
import { type Claim, Claims } from './claims.js';
import type { Placed, Refused, Settled } from './hand-over.js';
import type { Handed, InHand } from './in-hand.js';
import { MessageRow } from './message.entity.js';
import { saidOf } from './said.js';

/** Keeps what the workflow answered, with everything that hangs on it, in one transaction that proves the claim first. */
@Injectable()
export class Placing {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly claims: Claims,
    private readonly configuration: ConfigurationStore,
  ) {}

  /** Keeps the place, and takes the next message of the thread in the same breath (`goesOn`). @throws ClaimLost */
  async placed(
    claim: Claim,
    { message }: InHand,
    { answer, broughtRoom }: Settled<'placed', Placed>,
    goesOn: boolean,
  ): Promise<InHand | undefined> {
    const { tenant } = claim;
    const leaves = message.author === 'agent' && (await this.#hasDeliveryUrl(claim));
    const place = placeOf(answer);
    const handedAt = new Date();
    return this.database.inTenant(tenant, async (em) => {
      await this.claims.proveMoved(em, claim);
      const kept = { ...place, state: 'placed' as const, answer: message.author === 'agent' ? answer : null };
      await em.nativeUpdate(MessageRow, { tenant, id: message.id }, kept);
      if (leaves) await addDelivery(em, message);
      const next = await this.#goOn(em, claim, handedAt, goesOn, true);
      const [said] = saidOf({ ...message, ...place });
      const folded = said && (await foldMessage(em, said));
      // A fold that is not behind needs no reminder of how far the life has come.
      if ((folded?.after.sequence ?? 0) < answer.sequence)
        await noteDecided(em, tenant, answer.conversationId, answer.sequence);
      if (broughtRoom || message.wasHanded)
        await this.#settle(em, message, answer.leaseUsed ? { sequence: answer.sequence } : undefined);
      if (!folded || assigneeOf(folded.after) !== null)
        await showMessage(em, tenant, { ...place, messageId: message.id });
      await notifyAll(em, [['message', message.id], ['unpublished']]);
      return next;
    });
  }

  /** @throws ClaimLost */
  async refused(
    claim: Claim,
    { message, hasPast }: InHand,
    { answer, broughtRoom }: Settled<'refused', Refused>,
    goesOn: boolean,
  ): Promise<InHand | undefined> {
    const { tenant } = claim;
    const handedAt = new Date();
    return this.database.inTenant(tenant, async (em) => {
      await this.claims.prove(em, claim);
      // The agent keeps the draft and may send it again, as a new message; what a channel sent it sent once.
      const again = message.author === 'agent' ? { sourceKey: null } : {};
      await em.nativeUpdate(MessageRow, { tenant, id: message.id }, { state: 'refused', answer, ...again });
      const next = await this.#goOn(em, claim, handedAt, goesOn, hasPast);
      if (broughtRoom || message.wasHanded) await this.#settle(em, message, undefined);
      await notifyAll(em, [['message', message.id]]);
      return next;
    });
  }

  async #goOn(
    em: EntityManager,
    claim: Claim,
    handedAt: Date,
    goesOn: boolean,
    hasPast: boolean,
  ): Promise<InHand | undefined> {
    if (goesOn) return this.claims.nextIn(em, claim, handedAt, hasPast);
    await this.claims.letGo(em, claim);
    return undefined;
  }

  async #hasDeliveryUrl({ tenant, channelAccount }: Claim): Promise<boolean> {
    const account = (await this.configuration.of(tenant)).account(channelAccount);
    return account !== undefined && account.deliveryUrl !== null;
  }

  /** The room that it brought along, in this attempt or in an earlier one. */
  async #settle(em: EntityManager, { tenant, id }: Handed, used: { sequence: number } | undefined): Promise<void> {
    const activity = await settlePausedLease(em, tenant, id, used);
    await tellRoom(em, this.settings.PUBLIC_URL, tenant, activity);
  }
}

const placeOf = ({ conversationId, afterSequence, messageNumber, decidedAt }: Placed) => ({
  conversationId,
  afterSequence,
  messageNumber,
  decidedAt: new Date(decidedAt),
});
