import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { Explanation, MomentQuery, TimelineEntry, TimelineQuery } from '@parley/contracts/admin-http';
import type { ConversationView } from '@parley/contracts/conversation';
import { threadOf } from '@parley/contracts/identifiers';
import type { Note } from '@parley/contracts/inbox-http';
import type { LifecycleEvent, NewerEvent } from '@parley/contracts/lifecycle-event';
import type { MessageEvent } from '@parley/contracts/message-event';
import type { Conversation } from '@parley/contracts/state';
import { reaches, type Verb } from '@parley/domain/access';
import { availableCommands } from '@parley/domain/available-commands';
import { isNewer } from '@parley/domain/evolve';
import { foldLogs } from '@parley/domain/fold';
import { viewOf } from '@parley/domain/view';
import type { Database } from '@parley/persistence/database';
import { CURSORS, type CursorPosition, type Cursors } from '@parley/service/cursor';
import type { Language } from '@parley/service/language';
import { problem, reasonProblem } from '@parley/service/problem';
import { Audit } from '../audit/audit.js';
import { CommentStore } from '../commands/comment.store.js';
import { ConfigurationStore } from '../configuration/configuration.store.js';
import { ConversationRow, EventRow, MessageEventRow } from '../lifecycle/conversation.entity.js';
import type { Page } from '../live-activity/live-activity.js';
import { DATABASE } from '../parts.js';
import { explained } from './explain.js';
import { presented, UNKNOWN_FACTS, withTagNames } from './presented.js';
import { beyond, entryOf, inOrder, placeOfEntry, type Place } from './timeline.js';

/** Who asks about which conversation. */
export interface Asked {
  readonly tenant: string;
  readonly caller: Caller;
  readonly conversationId: string;
}

/** One conversation: now, at any moment, told in order, explained (X6). */
@Injectable()
export class ConversationReader {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CURSORS) private readonly cursors: Cursors,
    private readonly configuration: ConfigurationStore,
    private readonly audit: Audit,
    private readonly comments: CommentStore,
  ) {}

  /** What our fold knows; undefined: nothing (yet), or another tenant's. */
  async known(tenant: string, conversationId: string): Promise<Conversation | undefined> {
    if (threadOf(conversationId) === undefined) return undefined;
    const key = { tenant, id: conversationId };
    const row = await this.database.inTenant(tenant, (em) => em.findOne(ConversationRow, key, UNMANAGED));
    return row?.state ?? undefined;
  }

  async read(asked: Asked, { at }: MomentQuery): Promise<ConversationView> {
    const state = await this.#reached(asked, 'conversation.read');
    const { tagName } = await this.configuration.of(asked.tenant);
    if (at === undefined) return presented(state, asked.caller, tagName);
    const then = await this.#at(asked, at);
    if (then === undefined) throw problem(404, 'not-found', 'It had not come so far at that moment.');
    return withTagNames(viewOf(then), tagName);
  }

  async timeline(asked: Asked, { limit, cursor }: TimelineQuery, language: Language): Promise<Page<TimelineEntry>> {
    await this.#reached(asked, 'conversation.read');
    const { tenant, conversationId } = asked;
    const binding = { tenant, list: 'timeline', filter: { conversationId }, sort: 'life' };
    const from = placeIn(this.cursors.read(binding, cursor));
    const { events, messages } = await this.#logs(asked);
    const rest = beyond(inOrder(events, messages), from);
    const items = rest.slice(0, limit).map((told) => entryOf(told, language));
    const last = rest.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last ? this.cursors.write(binding, placeOfEntry(last)) : null };
  }

  /** What supervisors said at a close, a cancel or a reassignment (A5, D6); for supervisors only. */
  async commentsOf(asked: Asked): Promise<{ items: Note[] }> {
    await this.#reached(asked, 'comment.read');
    const { tenant, conversationId } = asked;
    const { events } = await this.#logs(asked);
    const named = events.flatMap((event) => ('commentId' in event && event.commentId ? [event.commentId] : []));
    return { items: await this.comments.of(tenant, conversationId, new Set(named)) };
  }

  async explain(asked: Asked, language: Language): Promise<Explanation> {
    const state = await this.#reached(asked, 'explain');
    const { tenant, caller, conversationId } = asked;
    const now = new Date().toISOString();
    const { events: life } = await this.#logs(asked);
    const refused = await this.audit.refusalsOf(tenant, conversationId);
    const available = availableCommands(state, caller, UNKNOWN_FACTS, now);
    const answer = explained({ state, life, refused, availableCommands: available, now, language });
    if (answer === undefined) throw problem(404, 'not-found');
    return answer;
  }

  async #at(asked: Asked, at: number | string): Promise<Conversation | undefined> {
    const { life, messages } = await this.#logs(asked);
    const until = typeof at === 'number' ? { sequence: at } : { instant: at };
    const isAhead = typeof at === 'number' && at > (life.at(-1)?.sequence ?? 0);
    return isAhead ? undefined : foldLogs(life, messages, until);
  }

  /** 404 for what is not there and for another tenant's alike, 403 for what is out of scope. */
  async #reached({ tenant, caller, conversationId }: Asked, verb: Verb): Promise<Conversation> {
    const state = await this.known(tenant, conversationId);
    if (state === undefined) throw problem(404, 'not-found');
    if (!reaches(caller, verb, state)) throw reasonProblem('FORBIDDEN_SCOPE');
    return state;
  }

  /** `events`: of the life, those that can be told in words. */
  #logs({ tenant, conversationId }: Asked): Promise<Logs> {
    return this.database.inTenant(tenant, async (em) => {
      const life = await lifeOf(em, tenant, conversationId);
      const events = life.flatMap((event) => (isNewer(event) ? [] : [event]));
      return { life, events, messages: await messagesOf(em, tenant, conversationId) };
    });
  }
}

const UNMANAGED = { disableIdentityMap: true } as const;

interface Logs {
  readonly life: (LifecycleEvent | NewerEvent)[];
  readonly events: LifecycleEvent[];
  readonly messages: MessageEvent[];
}

async function lifeOf(em: EntityManager, tenant: string, conversationId: string): Promise<Logs['life']> {
  const order = { ...UNMANAGED, orderBy: { sequence: 'asc' } } as const;
  return (await em.find(EventRow, { tenant, conversationId }, order)).map(({ body }) => body);
}

async function messagesOf(em: EntityManager, tenant: string, conversationId: string): Promise<MessageEvent[]> {
  const order = { ...UNMANAGED, orderBy: { messageNumber: 'asc' } } as const;
  return (await em.find(MessageEventRow, { tenant, conversationId }, order)).map(({ body }) => body);
}

function placeIn(position: CursorPosition | undefined): Place {
  const [sequence, messageNumber] = position ?? [];
  return [typeof sequence === 'number' ? sequence : 0, typeof messageNumber === 'number' ? messageNumber : 0];
}
