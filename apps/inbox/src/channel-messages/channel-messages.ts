import { Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { ChannelAccount } from '@parley/contracts/configuration';
import type { Presence } from '@parley/contracts/conversation';
import type { ChannelMessageBody, MessageAccepted, Placement } from '@parley/contracts/inbox-http';
import { ContactErased } from '@parley/persistence/vault';
import { problem, reasonProblem } from '@parley/service/problem';
import { ConversationClient } from '@parley/temporal/client';
import { randomUUID } from 'node:crypto';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { Intake, type Taken } from '../dispatch/intake.js';
import { MessageWaiters } from '../dispatch/message-waiters.js';
import { Contacts } from './contacts.js';
import { newMessageId, SourceKeys, threadIdOf } from './identifiers.js';

const MESSAGE_ID = /^[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,199}$/;

/** What a channel tells us: messages, and whether the visitor is there. */
@Injectable()
export class ChannelMessages {
  constructor(
    private readonly configuration: ConfigurationStore,
    private readonly contacts: Contacts,
    private readonly intake: Intake,
    private readonly waiters: MessageWaiters,
    private readonly keys: SourceKeys,
    private readonly temporal: ConversationClient,
  ) {}

  /** Stored when this returns; where it belongs is found out afterwards. The same id answers the same message. */
  async receive(tenant: string, accountId: string, body: ChannelMessageBody): Promise<MessageAccepted> {
    const account = await this.#account(tenant, accountId);
    const sourceKey = this.keys.ofChannel(tenant, account.id, body.id);
    const known = await this.intake.known(tenant, account.id, sourceKey);
    return accepted(known ?? (await this.#take(tenant, account.id, sourceKey, body)));
  }

  async placement(tenant: string, accountId: string, messageId: string, waitMs: number): Promise<Placement> {
    const account = await this.#account(tenant, accountId);
    const row = MESSAGE_ID.test(messageId) ? await this.waiters.settled(tenant, messageId, waitMs) : null;
    if (row?.channelAccount !== account.id) throw problem(404, 'not-found');
    const isPlaced = row.state === 'placed' || row.state === 'published';
    return {
      messageId: row.id,
      threadId: row.threadId,
      contactId: row.contactId,
      conversationId: isPlaced ? (row.conversationId ?? null) : null,
    };
  }

  /** A9. What is not in a run travels with the contact's next message. */
  async setPresence(tenant: string, accountId: string, externalId: string, presence: Presence): Promise<Presence> {
    const account = await this.#account(tenant, accountId);
    const contact = await this.contacts.find(tenant, account.id, externalId);
    if (!contact) throw problem(404, 'not-found');
    await this.contacts.setPresence(tenant, contact.id, presence);
    const threadId = threadIdOf(tenant, account.id, contact.id);
    await this.temporal.presence(tenant, threadId, { presence }, `presence:${randomUUID()}`, { deadlineMs: 2000 });
    return presence;
  }

  async #take(tenant: string, channelAccount: string, sourceKey: string, body: ChannelMessageBody): Promise<Taken> {
    try {
      const known = await this.contacts.find(tenant, channelAccount, body.contact.id);
      const contact = known ?? (await this.contacts.make(tenant, channelAccount, body.contact));
      const message = {
        tenant,
        id: newMessageId(),
        threadId: threadIdOf(tenant, channelAccount, contact.id),
        contactId: contact.id,
        channelAccount,
        sourceKey,
        author: 'visitor' as const,
        agentId: null,
        conversationId: null,
        guards: null,
        sentAt: body.sentAt === undefined ? null : new Date(body.sentAt),
        text: body.text,
        presence: { online: body.contact.online ?? false, authenticated: body.contact.authenticated ?? false },
        campaign: body.campaign ?? null,
        caller: visitor(contact.id),
      };
      return await this.intake.take(message, await this.contacts.news(tenant, contact, body.contact));
    } catch (error) {
      throw error instanceof ContactErased ? reasonProblem('ERASED') : error;
    }
  }

  async #account(tenant: string, accountId: string): Promise<ChannelAccount> {
    const account = (await this.configuration.of(tenant)).account(accountId);
    if (!account) throw problem(404, 'not-found');
    return account;
  }
}

const visitor = (contactId: string): Caller => ({ kind: 'visitor', id: contactId, role: 'visitor', scopes: [] });
const accepted = ({ id, threadId }: Taken): MessageAccepted => ({ messageId: id, threadId });
