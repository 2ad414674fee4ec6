import { Inject, Injectable } from '@nestjs/common';
import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { Author, Presence } from '@parley/contracts/conversation';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import type { Vault } from '@parley/persistence/vault';
import { requestContext } from '@parley/service/request-context';
import { DATABASE, FRESH, HEARD, VAULT } from '../parts.js';
import { MessageRow } from './message.entity.js';
import { lockThread } from './thread-order.js';

export interface NewMessage {
  tenant: string;
  id: string;
  threadId: string;
  contactId: string;
  channelAccount: string;
  /** Whoever sends the same one again means the same message. */
  sourceKey: string;
  author: Author;
  agentId: string | null;
  /** Named by an agent's message alone. */
  conversationId: string | null;
  sentAt: Date | null;
  text: string;
  presence: Presence;
  campaign: string | null;
  caller: Caller;
}

const isRepeat = (error: unknown): boolean => error instanceof UniqueConstraintViolationException;

/** Takes a message: stored, in its place in the thread, and acknowledged; Temporal and Kafka may both be away. */
@Injectable()
export class Intake {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  /** The message that this source key stands for: an earlier one, whatever its body was. */
  async known(tenant: string, channelAccount: string, sourceKey: string): Promise<MessageRow | null> {
    return this.database.inTenant(tenant, (em) => em.findOne(MessageRow, { tenant, channelAccount, sourceKey }, FRESH));
  }

  /** `also` runs in the same transaction, after the thread is locked and before the message is there. */
  async take(message: NewMessage, also?: (em: EntityManager) => Promise<void>): Promise<MessageRow> {
    const { tenant, contactId, id } = message;
    const place = { tenant, contactId, table: 'message', column: 'body', row: id };
    const body = await this.vault.seal(place, message.text);
    try {
      return await this.database.inTenant(tenant, async (em) => {
        const position = await lockThread(em, message);
        await also?.(em);
        const row = rowOf(message, position, body);
        await em.insert(MessageRow, row);
        await notify(em, HEARD.thread);
        return em.findOneOrFail(MessageRow, { tenant, id }, FRESH);
      });
    } catch (error) {
      const earlier = isRepeat(error) && (await this.known(tenant, message.channelAccount, message.sourceKey));
      if (!earlier) throw error;
      return earlier;
    }
  }
}

function rowOf(message: NewMessage, position: number, body: Buffer) {
  const { text, presence, ...kept } = message;
  return {
    ...kept,
    ...presence,
    position,
    state: 'stored' as const,
    // Taken while the thread is locked: whoever locks it later sees every message accepted before (architecture.md 6).
    acceptedAt: new Date(),
    length: [...text].length,
    body,
    traceparent: requestContext().traceparent,
  };
}
