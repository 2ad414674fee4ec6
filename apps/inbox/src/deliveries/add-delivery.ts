import type { EntityManager } from '@mikro-orm/postgresql';
import { notify } from '@parley/persistence/listener';
import type { MessageRow } from '../dispatch/message.entity.js';
import { HEARD } from '../parts.js';
import { DeliveryRow } from './delivery.entity.js';

/** The message leaves if and only if it got its place: same transaction. */
export async function addDelivery(em: EntityManager, message: MessageRow): Promise<void> {
  const { tenant, id, threadId, position, channelAccount } = message;
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
