import { Controller, Req } from '@nestjs/common';
import type { Request } from 'express';
import type { Caller } from '@parley/contracts/actor';
import { ConversationView } from '@parley/contracts/conversation';
import { ConversationList, ConversationsQuery, ListQuery, MessageList, NoteList } from '@parley/contracts/inbox-http';
import { bearerTokenOf } from '@parley/identity/authentication.guard';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import type { Principal } from '@parley/service/request-context';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { z } from 'zod';
import { History } from './history.js';

const params = z.strictObject({ conversationId: z.string() });
const list = route({
  method: 'GET',
  path: 'conversations',
  summary: 'Conversations in your scope, the newest first',
  description: '`q` finds whole ids and parts of tags: texts are encrypted and cannot be searched.',
  query: ConversationsQuery,
  answer: ConversationList,
});
const read = route({
  method: 'GET',
  path: 'conversations/:conversationId',
  summary: 'A conversation as it is now',
  params,
  answer: ConversationView,
  errors: ['forbidden-scope'],
});
const messages = route({
  method: 'GET',
  path: 'conversations/:conversationId/messages',
  summary: 'What was said, in order',
  params,
  query: ListQuery,
  answer: MessageList,
  errors: ['forbidden-scope'],
});
const notes = route({
  method: 'GET',
  path: 'conversations/:conversationId/notes',
  summary: 'Notes of colleagues; comments to supervisors only',
  params,
  answer: NoteList,
  errors: ['forbidden-scope'],
});

@Controller()
export class HistoryController {
  constructor(private readonly history: History) {}

  @Route(list)
  @Verb('conversation.read')
  list(
    @Input() { query }: InputOf<typeof list>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.history.list(tenant, caller, query);
  }

  @Route(read)
  @Verb('conversation.read')
  read(
    @Input() { params }: InputOf<typeof read>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.history.read({ tenant, caller, ...params });
  }

  @Route(messages)
  @Verb('content.read')
  messages(
    @Input() { params, query }: InputOf<typeof messages>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.history.messages({ tenant, caller, ...params }, query);
  }

  @Route(notes)
  @Verb('note.read')
  notes(
    @Input() { params }: InputOf<typeof notes>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
    @Req() request: Request,
  ) {
    return this.history.notes({ tenant, caller, ...params }, bearerTokenOf(request) ?? '');
  }
}
