import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { threadOf } from '@parley/contracts/identifiers';
import type { Conversation, Facts } from '@parley/contracts/state';
import { reaches, type Verb } from '@parley/domain/access';
import type { Database } from '@parley/persistence/database';
import { problem, reasonProblem, unavailable } from '@parley/service/problem';
import { type CallOptions, ConversationClient } from '@parley/temporal/client';
import { Archive } from '../archive/archive.store.js';
import { ThreadRow } from '../dispatch/thread.entity.js';
import { upToDate } from '../lifecycle/decided.js';
import { DATABASE } from '../parts.js';

/** A conversation as we know it now. */
export interface Known {
  state: Conversation;
  facts: Facts;
  /** It left its run; only the archive may change it. */
  isArchived: boolean;
}

/** Of one that no run holds: presence no longer decides anything. */
export const NO_FACTS: Facts = { presence: { online: false, authenticated: false }, rulesVersion: 1 };

/** Finds a conversation: in our fold, and where that may be behind, in its run or in the archive. */
@Injectable()
export class Conversations {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly temporal: ConversationClient,
    private readonly archive: Archive,
  ) {}

  /** Not older than any answer that we gave. @throws 404, 503 */
  async find(tenant: string, conversationId: string): Promise<Conversation> {
    return (await this.#folded(tenant, conversationId)) ?? (await this.fresh(tenant, conversationId)).state;
  }

  /** As its run has it this moment. @throws 404, 503 */
  async fresh(tenant: string, conversationId: string, options?: CallOptions): Promise<Known> {
    await this.#demandThread(tenant, conversationId);
    const reply = await this.temporal.decisionState(tenant, conversationId, options);
    if (reply.kind === 'answer')
      return { state: reply.answer.conversation, facts: reply.answer.facts, isArchived: false };
    if (reply.kind !== 'not-found') throw unavailable('The conversation cannot be reached just now.');
    const found = await this.archive.find(tenant, conversationId);
    if (found.kind === 'unknown') throw problem(404, 'not-found');
    if (found.kind === 'behind') throw unavailable('What is known of this conversation is still catching up.');
    return { state: found.state, facts: NO_FACTS, isArchived: true };
  }

  /**
   * In the order of the contract: 404, 403 FORBIDDEN_SCOPE, 410. A fold that says no may be behind, so its run is asked
   * before anybody is turned away.
   */
  async reach(
    tenant: string,
    conversationId: string,
    caller: Caller,
    verb: Verb,
    erased?: 'also-erased',
  ): Promise<Conversation> {
    const known = await this.find(tenant, conversationId);
    const state = reaches(caller, verb, known) ? known : (await this.fresh(tenant, conversationId)).state;
    if (!reaches(caller, verb, state)) throw reasonProblem('FORBIDDEN_SCOPE');
    if (state.erased && !erased) throw reasonProblem('ERASED');
    return state;
  }

  async #folded(tenant: string, conversationId: string): Promise<Conversation | undefined> {
    if (threadOf(conversationId) === undefined) throw problem(404, 'not-found');
    return upToDate(this.database.statements(tenant), tenant, conversationId);
  }

  /** Another tenant's thread does not exist; nobody asks Temporal about it. */
  async #demandThread(tenant: string, conversationId: string): Promise<void> {
    const id = threadOf(conversationId);
    const known = id && (await this.database.inTenant(tenant, (em) => em.count(ThreadRow, { tenant, id })));
    if (!known) throw problem(404, 'not-found');
  }
}
