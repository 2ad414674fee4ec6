import type { EntityManager } from '@mikro-orm/postgresql';
import { notify } from '@parley/persistence/listener';
import type { Handed } from '../dispatch/in-hand.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { FRESH, HEARD } from '../parts.js';
import { DeliveryRow } from './delivery.entity.js';

/** The message leaves if and only if it got its place: same transaction. */
export async function addDelivery(em: EntityManager, message: Handed): Promise<void> {
  const { tenant, id, threadId, channelAccount } = message;
  const { position } = await em.findOneOrFail(MessageRow, { tenant, id }, { ...FRESH, fields: ['position'] });
  await em.insert(DeliveryRow, {
    tenant,
    messageId: id,
    threadId,
    position,
    channelAccount,
    state: 'waiting',
    attempts: 0,
    nextAttemptAt: new Date(),
    createdAt: new Date(),
  });
  await notify(em, HEARD.delivery);
}
