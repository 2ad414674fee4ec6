import { Controller } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import {
  ChannelAccountBody,
  ChannelAccountChange,
  ChannelAccountList,
  ChannelAccountView,
  ListQuery,
} from '@parley/contracts/inbox-http';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import { AsCommand, type CommandRequest } from '@parley/service/command-request';
import type { Principal } from '@parley/service/request-context';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { z } from 'zod';
import { ChannelAccountEditor } from './channel-account-editor.js';

const one = { path: 'channel-accounts/:id', params: z.strictObject({ id: z.string() }) } as const;
const list = route({
  method: 'GET',
  path: 'channel-accounts',
  summary: 'Where visitors write',
  query: ListQuery,
  answer: ChannelAccountList,
});
const read = route({
  ...one,
  method: 'GET',
  summary: 'A channel account; its secret only to who may change it',
  answer: ChannelAccountView,
});
const create = route({
  method: 'POST',
  path: 'channel-accounts',
  summary: 'A new channel account',
  command: true,
  body: ChannelAccountBody,
  answer: ChannelAccountView,
  status: 201,
  errors: ['conflict'],
});
const replace = route({
  ...one,
  method: 'PUT',
  summary: 'Changes a channel account; If-Match guards its version',
  command: true,
  body: ChannelAccountChange,
  answer: ChannelAccountView,
  errors: ['stale-version'],
});
const withdraw = route({
  ...one,
  method: 'DELETE',
  summary: 'Withdraws it: no more messages, its history stays',
  command: true,
  answer: ChannelAccountView,
  errors: ['stale-version'],
});

@Controller()
export class ChannelAccountsController {
  constructor(private readonly editor: ChannelAccountEditor) {}

  @Route(list)
  @Verb('configuration.read')
  list(@Input() { query }: InputOf<typeof list>, @CurrentPrincipal() { tenant }: Principal) {
    return this.editor.list(tenant, query);
  }

  @Route(read)
  @Verb('configuration.read')
  read(@Input() { params: { id } }: InputOf<typeof read>, @CurrentPrincipal() principal: Principal) {
    return this.editor.read(principal, id);
  }

  @Route(create)
  @Verb('configuration.write')
  create(
    @Input() { body }: InputOf<typeof create>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.editor.create({ tenant, caller, request }, body);
  }

  @Route(replace)
  @Verb('configuration.write')
  replace(
    @Input() { params: { id }, body }: InputOf<typeof replace>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.editor.replace({ tenant, caller, request }, id, body);
  }

  @Route(withdraw)
  @Verb('configuration.write')
  withdraw(
    @Input() { params: { id } }: InputOf<typeof withdraw>,
    @AsCommand() request: CommandRequest,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.editor.withdraw({ tenant, caller, request }, id);
  }
}
