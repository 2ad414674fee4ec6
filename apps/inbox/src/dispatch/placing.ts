import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Settings } from '@parley/contracts/settings';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { SETTINGS } from '@parley/service/tokens';
import { publishActivity } from '../capacity/activity.js';
import { settlePausedLease } from '../capacity/paused-leases.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { addDelivery } from '../deliveries/add-delivery.js';
import { showCapacity, showMessage } from '../desk/desk-changes.js';
import { foldMessage } from '../lifecycle/conversation-fold.js';
import { noteDecided } from '../lifecycle/decided.js';
import { DATABASE, HEARD } from '../parts.js';
import { type Claim, Claims } from './claims.js';
import type { Placed, Refused } from './hand-over.js';
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

  /** @throws ClaimLost */
  async placed(claim: Claim, message: MessageRow, answer: Placed): Promise<void> {
    const { tenant } = claim;
    const snapshot = await this.configuration.of(tenant);
    const deliveryUrl = snapshot.account(claim.channelAccount)?.deliveryUrl ?? null;
    const leaves = message.author === 'agent' && deliveryUrl !== null;
    const place = {
      conversationId: answer.conversationId,
      afterSequence: answer.afterSequence,
      messageNumber: answer.messageNumber,
      decidedAt: new Date(answer.decidedAt),
    };
    await this.database.inTenant(tenant, async (em) => {
      await this.claims.prove(em, claim);
      const kept = { ...place, state: 'placed' as const, answer: message.author === 'agent' ? answer : null };
      await em.nativeUpdate(MessageRow, { tenant, id: message.id }, kept);
      await em.execute(
        `update thread set has_past = true, unpublished = true, attempts = 0, held_why = null, held_since = null
         where tenant = ? and id = ?`,
        [tenant, claim.threadId],
      );
      await notify(em, HEARD.message, message.id);
      await notify(em, HEARD.unpublished);
      if (leaves) await addDelivery(em, message);
      await noteDecided(em, tenant, answer.conversationId, answer.sequence);
      for (const said of saidOf({ ...message, ...place })) await foldMessage(em, said);
      const used = answer.leaseUsed ? { sequence: answer.sequence } : undefined;
      await this.#settle(em, message, used);
      await showMessage(em, tenant, { ...place, messageId: message.id });
    });
  }

  /** @throws ClaimLost */
  async refused(claim: Claim, message: MessageRow, answer: Refused): Promise<void> {
    const { tenant } = claim;
    await this.database.inTenant(tenant, async (em) => {
      await this.claims.prove(em, claim);
      await em.nativeUpdate(MessageRow, { tenant, id: message.id }, { state: 'refused', answer });
      await notify(em, HEARD.message, message.id);
      await this.#settle(em, message, undefined);
    });
  }

  async #settle(em: EntityManager, { tenant, id }: MessageRow, used: { sequence: number } | undefined): Promise<void> {
    const activity = await settlePausedLease(em, tenant, id, used);
    await showCapacity(
      em,
      tenant,
      activity.map(({ agentId }) => agentId),
    );
    await publishActivity(em, this.settings.PUBLIC_URL, tenant, activity);
  }
}
