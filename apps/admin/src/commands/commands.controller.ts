import { Controller, Req } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { CancelBody, CloseBody, ConversationPath, ReassignBody } from '@parley/contracts/admin-http';
import { CommandAnswer } from '@parley/contracts/conversation';
import type { ProblemSlug } from '@parley/contracts/problem';
import { bearerTokenOf } from '@parley/identity/authentication.guard';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import { AsCommand, type CommandRequest } from '@parley/service/command-request';
import type { Principal } from '@parley/service/request-context';
import { Input, Route, route, type InputOf } from '@parley/service/route';
import type { Request } from 'express';
import { SupervisorCommands } from './supervisor-commands.js';

const REFUSALS: ProblemSlug[] = [
  'forbidden-scope',
  'erased',
  'stale-target',
  'stale-version',
  'feature-disabled',
  'not-eligible-state',
  'comment-required',
];
const command = { method: 'POST', command: true, params: ConversationPath, answer: CommandAnswer } as const;
const close = route({
  ...command,
  path: 'conversations/:conversationId/close',
  summary: 'A supervisor closes a conversation; answers with what came of it',
  body: CloseBody,
  errors: REFUSALS,
});
const cancel = route({
  ...command,
  path: 'conversations/:conversationId/cancel',
  summary: 'An administrator cancels a laggard, so that the customer may begin anew',
  body: CancelBody,
  errors: [...REFUSALS, 'category-required', 'subcategory-mismatch'],
});
const reassign = route({
  ...command,
  path: 'conversations/:conversationId/reassign',
  summary: 'A supervisor hands a conversation to another agent',
  body: ReassignBody,
  errors: [...REFUSALS, 'target-unavailable', 'capacity-full'],
});

@Controller()
export class CommandsController {
  constructor(private readonly commands: SupervisorCommands) {}

  @Route(close)
  @Verb('close.supervisor')
  close(
    @Input() { params, body }: InputOf<typeof close>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.commands.close({ tenant, caller, request, ...params }, body);
  }

  @Route(cancel)
  @Verb('cancel')
  cancel(
    @Input() { params, body }: InputOf<typeof cancel>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.commands.cancel({ tenant, caller, request, ...params }, body);
  }

  @Route(reassign)
  @Verb('reassign')
  reassign(
    @Input() { params, body }: InputOf<typeof reassign>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
    @Req() asked: Request,
  ) {
    return this.commands.reassign({ tenant, caller, request, ...params }, body, bearerTokenOf(asked) ?? '');
  }
}
