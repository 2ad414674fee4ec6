import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import type { PendingReason } from '@parley/contracts/conversation';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import { type Candidate, chooseAgent } from '@parley/domain/routing';
import type { Database } from '@parley/persistence/database';
import { Shutdown } from '@parley/service/shutdown';
import { SERVICE_LOG, type ServiceLog } from '@parley/service/tokens';
import { ConversationClient } from '@parley/temporal/client';
import type { Reply } from '@parley/temporal/patience';
import { Leases } from '../capacity/leases.js';
import { Aftermath } from '../commands/aftermath.js';
import type { InboxCommand } from '../commands/ask.js';
import { sendUpdate } from '../commands/send-update.js';
import { Wakeable } from '../wakeable.js';
import { HeardTenants } from '../heard-tenants.js';
import { noteDecided } from '../lifecycle/decided.js';
import { DATABASE, HEARD } from '../parts.js';
import { Turns } from '../turns.js';
import { A_PAGE, type Waiting, WaitingList } from './waiting-list.js';

const SWEEP_MS = 5_000;
const AGAIN_MS = 250;
const TURN = 'router';
/** Longer than one page takes; a router that was killed in the middle blocks its tenant so long. */
const TURN_S = 20;
const ROUTER: Caller = { kind: 'system', id: 'router', role: 'system', scopes: [] };

/**
 * Gives waiting conversations to agents with room: the longest-waiting first, one router at a time per tenant. What
 * nobody can take now is told so (`agents-offline`, `in-queue`).
 */
@Injectable()
export class Router implements OnApplicationBootstrap {
  readonly #loop: Wakeable;
  readonly #tenants: HeardTenants;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly turns: Turns,
    private readonly waiting: WaitingList,
    private readonly leases: Leases,
    private readonly temporal: ConversationClient,
    private readonly aftermath: Aftermath,
    private readonly shutdown: Shutdown,
  ) {
    const onError = (error: unknown): void => this.log.warn({ err: error }, 'the router could not look');
    this.#loop = new Wakeable(SWEEP_MS, onError);
    this.#tenants = new HeardTenants(
      SWEEP_MS,
      () => this.waiting.tenants(),
      onError,
      () => this.#loop.wake(),
    );
  }

  onApplicationBootstrap(): void {
    this.database.listen(HEARD.router, (tenant) => this.#look(tenant));
    this.shutdown.on('workers', async () => {
      await this.#loop.stop();
      await this.#tenants.idle();
    });
    this.#loop.start(async () => {
      await this.#tenants.begin((tenant) => this.#routeIfFree(tenant));
      return false;
    });
  }

  /** Whoever routes the tenant may have passed by what moved: look again once it is done. */
  async #routeIfFree(tenant: string): Promise<void> {
    if (!(await this.#isOurTurn(tenant))) {
      setTimeout(() => this.#look(tenant), AGAIN_MS).unref();
      return;
    }
    try {
      await this.#routeTenant(tenant);
    } finally {
      await this.turns.giveUp(tenant, TURN);
    }
  }

  #isOurTurn(tenant: string): Promise<boolean> {
    return this.turns.take(tenant, TURN, TURN_S);
  }

  #look(tenant: string | null): void {
    this.#tenants.hear(tenant);
    this.#loop.wake();
  }

  /** All that wait, page by page, each with who is free by then. */
  async #routeTenant(tenant: string): Promise<void> {
    let candidates = await this.waiting.candidates(tenant);
    let page: Waiting[] = [];
    do {
      page = await this.waiting.after(page.at(-1), tenant, candidates);
      candidates = await this.#routePage(tenant, page, candidates);
    } while (page.length === A_PAGE && !this.#loop.isStopping && (await this.#isOurTurn(tenant)));
  }

  async #routePage(tenant: string, page: readonly Waiting[], known: Candidate[]): Promise<Candidate[]> {
    let candidates = known;
    for (const conversation of page) {
      if (this.#loop.isStopping) break;
      const choice = chooseAgent(candidates, conversation.groupId, conversation.returnedBy);
      if (choice.kind === 'wait' && isToldSo(conversation, choice.reason)) continue;
      if (choice.kind === 'agent') await this.#assign(tenant, conversation, choice.agentId);
      else await this.#tell(tenant, conversation, choice.reason);
      // A round may be long, and people come and go.
      candidates = await this.waiting.candidates(tenant);
    }
    return candidates;
  }

  /** Somebody else was quicker to take the place: nothing is sent, and who has one now is looked at again. */
  async #assign(tenant: string, conversation: Waiting, to: string): Promise<void> {
    const { id: conversationId, episode, groupId: group } = conversation;
    const said = base(conversation);
    const key = { tenant, conversationId, episode, requestId: said.commandId };
    const command = { ...said, type: 'assign' as const, to, lease: { granted: said.commandId } };
    const lease = await this.leases.takeFor(key, command, { agentId: to, group });
    if ('refused' in lease) return this.#look(tenant);
    const reply = await sendUpdate(this.temporal, tenant, conversationId, command);
    await this.leases.settle(key, to, reply, 'router');
    await this.#settle(tenant, conversation, reply, 'assign');
  }

  async #tell(tenant: string, conversation: Waiting, pendingReason: PendingReason): Promise<void> {
    const { id } = conversation;
    const command: InboxCommand = { ...base(conversation), type: 'requeue', pendingReason };
    const reply = await sendUpdate(this.temporal, tenant, id, command);
    await this.#settle(tenant, conversation, reply, 'requeue');
  }

  async #settle(
    tenant: string,
    { id, sequence }: Waiting,
    reply: Reply<CommandUpdateAnswer>,
    what: string,
  ): Promise<void> {
    // Nobody is asked in vain one after the other: the round is over, and the next sweep begins another.
    if (reply.kind === 'unavailable') throw new Error('The conversations cannot be reached just now.');
    const answer = reply.kind === 'answer' ? reply.answer : undefined;
    if (answer?.kind === 'done') return this.aftermath.of(tenant, id, answer);
    const refused = answer?.kind === 'refused' ? answer : undefined;
    this.log.info({ conversationId: id, what, why: refused?.reason ?? answer?.kind ?? reply.kind }, 'not routed');
    // It has moved already: not asked again before its log tells how.
    if (refused && refused.currentSequence > sequence)
      await noteDecided(this.database.statements(tenant), tenant, id, refused.currentSequence);
  }
}

/** One that was returned stays so while somebody is there: the agent who gave it back may want to see it so. */
const isToldSo = ({ pendingReason: now }: Waiting, reason: PendingReason): boolean =>
  now === reason || (now === 'returned' && reason === 'in-queue');

/**
 * Decided on what it looked like: had it moved since, it is refused. Each attempt is a command of its own, for the server
 * answers a repeat with the first answer, and a refusal need not stay true.
 */
const base = ({ sequence, episode }: Waiting) => ({
  commandId: `cmd:${randomUUID()}`,
  caller: ROUTER,
  episode,
  ifSequence: sequence,
});
