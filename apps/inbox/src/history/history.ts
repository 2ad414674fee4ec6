import { Inject, Injectable } from '@nestjs/common';
import type { FilterQuery } from '@mikro-orm/core';
import type { Caller } from '@parley/contracts/actor';
import type { ConversationView } from '@parley/contracts/conversation';
import { outsideMessageIdOf } from '@parley/contracts/identifiers';
import type { ConversationsQuery, HistoryMessage, Note } from '@parley/contracts/inbox-http';
import { tagSlug } from '@parley/contracts/tag';
import { reaches } from '@parley/domain/access';
import type { Database } from '@parley/persistence/database';
import type { Vault } from '@parley/persistence/vault';
import { CURSORS, type Cursors } from '@parley/service/cursor';
import { Conversations } from '../commands/conversations.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import type { Snapshot } from '../configuration/snapshot.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { ConversationRow } from '../lifecycle/conversation.entity.js';
import { DATABASE, FRESH, VAULT } from '../parts.js';
import { Comments } from './comments.js';
import { NotesStore } from './notes.store.js';
import { presented } from './presented.js';
import { withinReach } from './scope.js';

export interface Asked {
  tenant: string;
  caller: Caller;
  conversationId: string;
}
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
interface Paging {
  limit: number;
  cursor?: string | undefined;
}

/** What was: conversations, what was said in them, and the notes of colleagues. */
@Injectable()
export class History {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(CURSORS) private readonly cursors: Cursors,
    private readonly conversations: Conversations,
    private readonly configuration: ConfigurationStore,
    private readonly notesStore: NotesStore,
    private readonly comments: Comments,
  ) {}

  /** The newest first. */
  async list(
    tenant: string,
    caller: Caller,
    { limit, cursor, ...filter }: ConversationsQuery,
  ): Promise<Page<ConversationView>> {
    const known = await this.configuration.of(tenant);
    const binding = { tenant, list: 'history', filter, sort: '-startedAt' };
    const [startedAt, id] = this.cursors.read(binding, cursor) ?? [];
    const rows = await this.database.inTenant(tenant, (em) =>
      em.find(
        ConversationRow,
        { $and: [{ tenant }, withinReach(caller, 'conversation.read'), filtered(filter, known), after(startedAt, id)] },
        { ...FRESH, orderBy: { startedAt: 'desc', id: 'desc' }, limit: limit + 1 },
      ),
    );
    const items = rows.slice(0, limit).map(({ state }) => presented(state, caller, known.tagName));
    const last = rows[limit - 1];
    const isMore = rows.length > limit && last !== undefined;
    const nextCursor = isMore ? this.cursors.write(binding, [last.startedAt.toISOString(), last.id]) : null;
    return { items, nextCursor };
  }

  async read({ tenant, caller, conversationId }: Asked): Promise<ConversationView> {
    const state = await this.conversations.reach(tenant, conversationId, caller, 'conversation.read', 'also-erased');
    return presented(state, caller, (await this.configuration.of(tenant)).tagName);
  }

  /** In the order in which they were said. */
  async messages({ tenant, caller, conversationId }: Asked, { limit, cursor }: Paging): Promise<Page<HistoryMessage>> {
    await this.conversations.reach(tenant, conversationId, caller, 'content.read', 'also-erased');
    const binding = { tenant, list: 'messages', filter: { conversationId }, sort: 'messageNumber' };
    const [last = 0] = this.cursors.read(binding, cursor) ?? [];
    const rows = await this.database.inTenant(tenant, (em) =>
      em.find(
        MessageRow,
        { tenant, conversationId, state: { $in: ['placed', 'published'] }, messageNumber: { $gt: Number(last) } },
        { ...FRESH, orderBy: { messageNumber: 'asc' }, limit: limit + 1 },
      ),
    );
    const shown = rows.slice(0, limit);
    const items = await Promise.all(shown.map((row) => this.#told(row, conversationId)));
    const number = shown.at(-1)?.messageNumber;
    const nextCursor = rows.length > limit && number ? this.cursors.write(binding, [number]) : null;
    return { items, nextCursor };
  }

  /** Comments are for supervisors. */
  async notes({ tenant, caller, conversationId }: Asked, token: string): Promise<{ items: Note[] }> {
    const state = await this.conversations.reach(tenant, conversationId, caller, 'note.read', 'also-erased');
    const mayReadComments = reaches(caller, 'comment.read', state);
    const comments = mayReadComments ? await this.comments.of(conversationId, token) : [];
    const items = [...(await this.notesStore.list(state)), ...comments];
    return { items: items.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))) };
  }

  async #told(row: MessageRow, conversationId: string): Promise<HistoryMessage> {
    const { tenant, id, threadId, contactId, author, acceptedAt, sentAt } = row;
    const place = { tenant, contactId, table: 'message', column: 'body', row: id };
    const text = row.body ? await this.vault.open(place, row.body) : undefined;
    // As the channel tells it, for display alone: order and clocks go by when we took it.
    const at = (sentAt ?? acceptedAt).toISOString();
    return { messageId: outsideMessageIdOf(threadId, id), conversationId, author, text: text ?? null, at };
  }
}

type Filter = Omit<ConversationsQuery, 'limit' | 'cursor'>;
type Where = FilterQuery<ConversationRow>;

function filtered(filter: Filter, known: Snapshot): Where {
  const { thread, contact, status, agent, channelAccount, campaign, tag, category, from, to, q } = filter;
  const statuses = status?.flatMap((one) => (one === 'all' ? [] : [one])) ?? [];
  const wanted: (Where | undefined)[] = [
    thread === undefined ? undefined : { threadId: thread },
    contact === undefined ? undefined : { contactId: contact },
    statuses.length === 0 ? undefined : { status: { $in: statuses } },
    agent === undefined ? undefined : { $or: [{ assignedTo: agent }, { statsAgent: agent }] },
    channelAccount === undefined ? undefined : { channelAccount },
    campaign === undefined ? undefined : { campaign },
    tag === undefined ? undefined : { tags: { $contains: [tagSlug(tag)] } },
    category === undefined ? undefined : { category },
    from === undefined ? undefined : { startedAt: { $gte: new Date(from) } },
    to === undefined ? undefined : { startedAt: { $lt: new Date(to) } },
    q === undefined ? undefined : like(q, known),
  ];
  return { $and: wanted.filter((one) => one !== undefined) };
}

/** Texts are encrypted: only ids and tags can be searched. */
function like(q: string, known: Snapshot): Where {
  const tags = known.tagsLike(q);
  const ids: Where[] = [{ id: q }, { threadId: q }, { contactId: q }];
  return { $or: tags.length === 0 ? ids : [...ids, { tags: { $overlap: tags } }] };
}

/** What comes after the cursor's place, newest first. */
function after(startedAt: string | number | null | undefined, id: string | number | null | undefined): Where {
  if (typeof startedAt !== 'string' || typeof id !== 'string') return {};
  const at = new Date(startedAt);
  return { $or: [{ startedAt: { $lt: at } }, { startedAt: at, id: { $lt: id } }] };
}
