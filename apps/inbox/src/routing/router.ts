import { createHash } from 'node:crypto';
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
import { Aftermath } from '../commands/aftermath.js';
import type { InboxCommand } from '../commands/commands.js';
import { LeasedCommands } from '../commands/leased-commands.js';
import { sendUpdate } from '../commands/send-update.js';
import { Wakeable } from '../dispatch/wakeable.js';
import { DATABASE, HEARD } from '../parts.js';
import { Turns } from '../turns.js';
import { type Waiting, WaitingList } from './waiting-list.js';

const SWEEP_MS = 5_000;
const AGAIN_MS = 250;
const TURN = 'router';
/** Longer than one round takes; a router that was killed in the middle blocks its tenant so long. */
const TURN_S = 20;
const ROUTER: Caller = { kind: 'system', id: 'router', role: 'system', scopes: [] };

/**
 * Gives waiting conversations to agents with room: the longest-waiting first, one router at a time per tenant. What
 * nobody can take now is told so (`agents-offline`, `in-queue`).
 */
@Injectable()
export class Router implements OnApplicationBootstrap {
  readonly #loop: Wakeable;
  readonly #tenants = new Set<string>();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SERVICE_LOG) private readonly log: ServiceLog,
    private readonly turns: Turns,
    private readonly waiting: WaitingList,
    private readonly leased: LeasedCommands,
    private readonly temporal: ConversationClient,
    private readonly aftermath: Aftermath,
    private readonly shutdown: Shutdown,
  ) {
    this.#loop = new Wakeable(SWEEP_MS, (error) => this.log.warn({ err: error }, 'the router could not look'));
  }

  onApplicationBootstrap(): void {
    this.database.listen(HEARD.router, (tenant) => {
      if (tenant === null) this.#loop.wake();
      else this.#look(tenant);
    });
    this.shutdown.on('workers', () => this.#loop.stop());
    this.#loop.start(() => this.#route());
  }

  /** The tenants that something moved in; now and then all with somebody waiting. */
  async #route(): Promise<boolean> {
    const tenants = this.#tenants.size > 0 ? [...this.#tenants] : await this.waiting.tenants();
    this.#tenants.clear();
    await Promise.all(tenants.map((tenant) => this.#routeIfFree(tenant)));
    return this.#tenants.size > 0;
  }

  /** Whoever routes the tenant may have passed by what moved: look again once it is done. */
  async #routeIfFree(tenant: string): Promise<void> {
    if (!(await this.turns.take(tenant, TURN, TURN_S))) {
      setTimeout(() => this.#look(tenant), AGAIN_MS).unref();
      return;
    }
    try {
      await this.#routeTenant(tenant);
    } finally {
      await this.turns.giveUp(tenant, TURN);
    }
  }

  #look(tenant: string): void {
    this.#tenants.add(tenant);
    this.#loop.wake();
  }

  async #routeTenant(tenant: string): Promise<void> {
    let candidates = await this.waiting.candidates(tenant);
    for (const conversation of await this.waiting.of(tenant)) {
      if (this.#loop.isStopping) return;
      const others = candidates.filter(({ agentId }) => agentId !== conversation.returnedBy);
      const choice = chooseAgent(others, conversation.groupId);
      if (choice.kind === 'agent') {
        await this.#assign(tenant, conversation, choice.agentId);
        candidates = await this.waiting.candidates(tenant);
      } else await this.#tell(tenant, conversation, whyItWaits(candidates, conversation.groupId));
    }
  }

  async #assign(tenant: string, conversation: Waiting, to: string): Promise<void> {
    const commandId = commandIdOf('assign', conversation, to);
    const command = { ...base(conversation, commandId), type: 'assign' as const, to, lease: { granted: commandId } };
    const { id: conversationId, episode, groupId: group } = conversation;
    const target = { agentId: to, group };
    const reply = await this.leased.send(tenant, { conversationId, episode }, command, target, (sent) =>
      sendUpdate(this.temporal, tenant, conversationId, sent),
    );
    await this.#settle(tenant, conversation, reply, 'assign');
  }

  /** One that was returned stays so while somebody is there: the agent who gave it back may want to see it so. */
  async #tell(tenant: string, conversation: Waiting, pendingReason: PendingReason): Promise<void> {
    const { pendingReason: now, id } = conversation;
    if (now === pendingReason || (now === 'returned' && pendingReason === 'in-queue')) return;
    const commandId = commandIdOf('requeue', conversation, pendingReason);
    const command: InboxCommand = { ...base(conversation, commandId), type: 'requeue', pendingReason };
    const reply = await sendUpdate(this.temporal, tenant, id, command);
    await this.#settle(tenant, conversation, reply, 'requeue');
  }

  async #settle(tenant: string, { id }: Waiting, reply: Reply<CommandUpdateAnswer>, what: string): Promise<void> {
    if (reply.kind === 'answer') await this.aftermath.of(tenant, id, reply.answer);
    const refusal = reply.kind === 'answer' && reply.answer.kind === 'refused' ? reply.answer.reason : undefined;
    if (refusal ?? reply.kind !== 'answer')
      this.log.info({ conversationId: id, what, why: refusal ?? reply.kind }, 'not routed');
  }
}

/** Whoever gave it back is there all the same. */
function whyItWaits(candidates: readonly Candidate[], group: string): PendingReason {
  const choice = chooseAgent(candidates, group);
  return choice.kind === 'wait' ? choice.reason : 'in-queue';
}

/** Decided on what it looked like: had it moved since, it is refused and seen again when the log tells. */
const base = ({ sequence, episode }: Waiting, commandId: string) => ({
  commandId,
  caller: ROUTER,
  episode,
  ifSequence: sequence,
});

/** The same choice for the same state is the same command, whichever replica makes it. */
const commandIdOf = (what: string, { id, sequence }: Waiting, choice: string): string =>
  `cmd:${createHash('sha256').update(`router ${what} ${id} ${sequence} ${choice}`).digest('base64url')}`;
