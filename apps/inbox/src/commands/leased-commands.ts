import { Injectable } from '@nestjs/common';
import type { CommandAnswer } from '@parley/contracts/conversation';
import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { Conversation } from '@parley/contracts/state';
import type { Verb } from '@parley/domain/access';
import type { Reply } from '@parley/temporal/patience';
import type { LeaseCommand } from '../capacity/lease.entity.js';
import { Leases, type Target } from '../capacity/leases.js';
import { Aftermath } from './aftermath.js';
import type { Ask, Fields, InboxCommand } from './ask.js';
import { Commands, type Send } from './commands.js';

/** Commands that take a place on somebody's desk: the lease first, then the Update with it, then what became of it. */
@Injectable()
export class LeasedCommands {
  constructor(
    private readonly commands: Commands,
    private readonly leases: Leases,
    private readonly aftermath: Aftermath,
  ) {}

  run(
    ask: Ask,
    verb: Verb,
    targetOf: (state: Conversation) => Target,
    fieldsOf: (state: Conversation, isRehearsal: boolean) => Promise<Fields>,
  ): Promise<CommandAnswer> {
    let reached: Conversation | undefined;
    return this.commands.run(ask, {
      verb,
      fields: (_commandId, state, isRehearsal) => {
        reached = state;
        return fieldsOf(state, isRehearsal);
      },
      send: (command, plainly) =>
        reached && isLeased(command)
          ? this.#send(ask.tenant, reached, command, targetOf(reached), plainly)
          : plainly(command),
    });
  }

  /** A refused lease travels too: which refusal is answered is the conversation's to say. */
  async #send(
    tenant: string,
    { conversationId, episode }: Conversation,
    command: LeaseCommand,
    target: Target,
    plainly: Send,
  ): Promise<Reply<CommandUpdateAnswer>> {
    const key = { tenant, conversationId, episode, requestId: command.commandId };
    const lease = await this.leases.takeFor(key, command, target);
    const reply = await plainly({ ...command, lease });
    // One that stays unsettled is asked about again (LeaseSettler).
    if ('granted' in lease)
      await this.aftermath.beside(conversationId, () => this.leases.settle(key, target.agentId, reply));
    return reply;
  }
}

const isLeased = (command: InboxCommand): command is LeaseCommand =>
  command.type === 'assign' || command.type === 'resume' || command.type === 'reassign';
