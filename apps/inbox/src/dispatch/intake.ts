import { Inject, Injectable } from '@nestjs/common';
import { UniqueConstraintViolationException } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { Author, Presence } from '@parley/contracts/conversation';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import type { Vault } from '@parley/persistence/vault';
import { requestContext } from '@parley/service/request-context';
import { DATABASE, HEARD, VAULT } from '../parts.js';
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

/** What its sender gets to know of a message. */
export interface Taken {
  id: string;
  threadId: string;
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
  known(tenant: string, channelAccount: string, sourceKey: string): Promise<Taken | undefined> {
    return this.database.inTenant(tenant, (em) => this.knownIn(em, tenant, channelAccount, sourceKey));
  }

  async knownIn(
    em: EntityManager,
    tenant: string,
    channelAccount: string,
    sourceKey: string,
  ): Promise<Taken | undefined> {
    const [row] = await em.execute<{ id: string; thread_id: string }[]>(
      `select id, thread_id from message where tenant = ? and channel_account = ? and source_key = ?`,
      [tenant, channelAccount, sourceKey],
    );
    return row && { id: row.id, threadId: row.thread_id };
  }

  /** `also` runs in the same transaction, after the thread is locked and before the message is there. */
  async take(message: NewMessage, also?: (em: EntityManager) => Promise<void>): Promise<Taken> {
    const { tenant, contactId, id, threadId } = message;
    const place = { tenant, contactId, table: 'message', column: 'body', row: id };
    const body = await this.vault.seal(place, message.text);
    try {
      await this.database.inTenant(tenant, async (em) => {
        const position = await lockThread(em, message);
        await also?.(em);
        await em.insert(MessageRow, rowOf(message, position, body));
        await notify(em, HEARD.thread);
      });
      return { id, threadId };
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
