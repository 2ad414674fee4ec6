import { Controller } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { CommandAnswer } from '@parley/contracts/conversation';
import { AgentMessageBody } from '@parley/contracts/inbox-http';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import { AsCommand, type CommandRequest } from '@parley/service/command-request';
import type { Principal } from '@parley/service/request-context';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { z } from 'zod';
import { AgentMessages } from './agent-messages.js';

const send = route({
  method: 'POST',
  path: 'conversations/:conversationId/messages',
  summary: 'The agent writes; a refusal keeps the draft',
  description: 'Answered once the message has its place. `id` is the client’s own: the same again is the same message.',
  command: true,
  params: z.strictObject({ conversationId: z.string() }),
  body: AgentMessageBody,
  answer: CommandAnswer,
  errors: ['forbidden-scope', 'erased', 'stale-target', 'stale-version', 'not-eligible-state', 'outcome-unknown'],
});

@Controller()
export class AgentMessagesController {
  constructor(private readonly messages: AgentMessages) {}

  @Route(send)
  @Verb('message.send')
  send(
    @Input() { params, body }: InputOf<typeof send>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.messages.send({ tenant, caller, request, ...params }, body);
  }
}
