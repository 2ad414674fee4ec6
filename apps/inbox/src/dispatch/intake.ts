import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { Author, Presence } from '@parley/contracts/conversation';
import type { Guards } from '@parley/contracts/protocol';
import type { Database, Executes } from '@parley/persistence/database';
import type { Place, Vault } from '@parley/persistence/vault';
import { requestContext } from '@parley/service/request-context';
import { DATABASE, FRESH, HEARD, VAULT } from '../parts.js';
import { MessageRow } from './message.entity.js';
import { LOCK_THREAD } from './thread-order.js';

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
  guards: Guards | null;
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

const placeOf = ({ tenant, contactId, id }: Pick<MessageRow, 'tenant' | 'contactId' | 'id'>): Place => ({
  tenant,
  contactId,
  table: 'message',
  column: 'body',
  row: id,
});

const isRepeat = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '23505';

/** Takes a message: stored, in its place in the thread, and acknowledged; Temporal and Kafka may both be away. */
@Injectable()
export class Intake {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
  ) {}

  /** The message that this source key stands for: an earlier one, whatever its body was. */
  async known(tenant: string, channelAccount: string, sourceKey: string): Promise<Taken | undefined> {
    const [row] = await this.database
      .statements(tenant)
      .execute<Taken>(
        `select id, thread_id as "threadId" from message where tenant = ? and channel_account = ? and source_key = ?`,
        [tenant, channelAccount, sourceKey],
      );
    return row;
  }

  /** What is kept of a message's text; undefined: nothing, or its contact is erased. */
  async textOf(tenant: string, id: string): Promise<string | undefined> {
    const row = await this.database.inTenant(tenant, (em) => em.findOne(MessageRow, { tenant, id }, FRESH));
    return row?.body ? this.vault.open(placeOf(row), row.body) : undefined;
  }

  /** `also` runs in the same transaction. */
  async take(message: NewMessage, also?: (em: EntityManager) => Promise<void>): Promise<Taken> {
    const { tenant, id, threadId } = message;
    const body = await this.vault.seal(placeOf(message), message.text);
    try {
      if (also)
        await this.database.inTenant(tenant, async (em) => {
          await also(em);
          await store(em, message, body);
        });
      else await store(this.database.statements(tenant), message, body);
      return { id, threadId };
    } catch (error) {
      const earlier = isRepeat(error) && (await this.known(tenant, message.channelAccount, message.sourceKey));
      if (!earlier) throw error;
      return earlier;
    }
  }
}

/**
 * In one statement: the thread is locked and gives the position, the message takes its instant while it is, so that
 * whoever locks the thread later sees every message accepted before (architecture.md 6), and the dispatchers hear of it.
 */
async function store(em: Executes, message: NewMessage, body: Buffer): Promise<void> {
  const { tenant, threadId, channelAccount, contactId, text, presence } = message;
  await em.execute(
    `with thread_ as (${LOCK_THREAD}),
     stored as (
       insert into message (tenant, id, thread_id, contact_id, position, channel_account, source_key, state, author,
         agent_id, conversation_id, accepted_at, sent_at, length, body, online, authenticated, campaign, caller, guards,
         traceparent)
       select ?, ?, ?, ?, last_position, ?, ?, 'stored', ?, ?, ?, date_trunc('milliseconds', clock_timestamp()),
         ?::timestamptz, ?, ?::bytea, ?, ?, ?, ?::jsonb, ?::jsonb, ? from thread_
       returning id)
     select pg_notify(current_schema() || '_${HEARD.thread}', '') from stored`,
    [
      ...[tenant, threadId, channelAccount, contactId],
      ...[tenant, message.id, threadId, contactId, channelAccount, message.sourceKey, message.author],
      ...[message.agentId, message.conversationId, message.sentAt, [...text].length, body],
      ...[presence.online, presence.authenticated, message.campaign, JSON.stringify(message.caller)],
      ...[message.guards && JSON.stringify(message.guards), requestContext().traceparent],
    ],
  );
}
