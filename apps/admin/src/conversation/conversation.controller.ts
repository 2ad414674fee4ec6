import { Controller, Headers } from '@nestjs/common';
import type { Caller } from '@parley/contracts/actor';
import { ConversationPath, Explanation, MomentQuery, TimelinePage, TimelineQuery } from '@parley/contracts/admin-http';
import { ConversationView } from '@parley/contracts/conversation';
import { NoteList } from '@parley/contracts/inbox-http';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import { languageOf } from '@parley/service/language';
import type { Principal } from '@parley/service/request-context';
import { Input, Route, route, type InputOf } from '@parley/service/route';
import { ConversationReader } from './conversation.reader.js';

const read = route({
  method: 'GET',
  path: 'conversations/:conversationId',
  summary: 'A conversation now, or as it was at a sequence or an instant',
  params: ConversationPath,
  query: MomentQuery,
  answer: ConversationView,
  errors: ['forbidden-scope'],
});
const timeline = route({
  method: 'GET',
  path: 'conversations/:conversationId/timeline',
  summary: 'Every event and message in order, in words',
  params: ConversationPath,
  query: TimelineQuery,
  answer: TimelinePage,
  errors: ['forbidden-scope'],
});
const comments = route({
  method: 'GET',
  path: 'conversations/:conversationId/comments',
  summary: 'What supervisors said at a close, a cancel or a reassignment; for supervisors only',
  params: ConversationPath,
  answer: NoteList,
  errors: ['forbidden-scope'],
});
const explain = route({
  method: 'GET',
  path: 'conversations/:conversationId/explain',
  summary: 'Why it is in this state, what it waits for, under which policy, and which commands were refused',
  params: ConversationPath,
  answer: Explanation,
  errors: ['forbidden-scope'],
});

@Controller()
export class ConversationController {
  constructor(private readonly reader: ConversationReader) {}

  @Route(read)
  @Verb('conversation.read')
  read(
    @Input() { params, query }: InputOf<typeof read>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.reader.read({ tenant, caller, ...params }, query);
  }

  @Route(timeline)
  @Verb('conversation.read')
  timeline(
    @Input() { params, query }: InputOf<typeof timeline>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
    @Headers('accept-language') language?: string,
  ) {
    return this.reader.timeline({ tenant, caller, ...params }, query, languageOf(language));
  }

  @Route(comments)
  @Verb('comment.read')
  comments(
    @Input() { params }: InputOf<typeof comments>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.reader.commentsOf({ tenant, caller, ...params });
  }

  @Route(explain)
  @Verb('explain')
  explain(
    @Input() { params }: InputOf<typeof explain>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
    @Headers('accept-language') language?: string,
  ) {
    return this.reader.explain({ tenant, caller, ...params }, languageOf(language));
  }
}
