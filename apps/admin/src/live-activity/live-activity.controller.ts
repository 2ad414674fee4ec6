import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Caller } from '@parley/contracts/actor';
import { ConversationPage, LiveActivityQuery, LiveActivityStreamQuery } from '@parley/contracts/admin-http';
import { bearerTokenOf, VERIFIER } from '@parley/identity/authentication.guard';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import type { Verifier } from '@parley/identity/verifier';
import { EVENT_STREAM } from '@parley/service/answer.interceptor';
import type { Principal } from '@parley/service/request-context';
import { Input, Route, route, type InputOf } from '@parley/service/route';
import { Streams } from '@parley/service/sse';
import { LiveActivityFeed } from './live-activity.feed.js';
import { LiveActivity } from './live-activity.js';

const list = route({
  method: 'GET',
  path: 'conversations',
  summary: 'Live Activity: the conversations in your scope, by default those that have not ended',
  query: LiveActivityQuery,
  answer: ConversationPage,
});
const stream = route({
  method: 'GET',
  path: 'conversations/stream',
  summary: 'Live Activity as it changes: `event: conversation` with a LiveActivityChange',
  description: '`id` is a position for Last-Event-ID on any replica; `event: ready` or `event: reset` come first.',
  query: LiveActivityStreamQuery,
  produces: [EVENT_STREAM],
});

@Controller()
export class LiveActivityController {
  constructor(
    private readonly liveActivity: LiveActivity,
    private readonly feed: LiveActivityFeed,
    private readonly streams: Streams,
    @Inject(VERIFIER) private readonly verifier: Verifier,
  ) {}

  @Route(list)
  @Verb('live-activity')
  list(
    @Input() { query }: InputOf<typeof list>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.liveActivity.list(tenant, caller, query);
  }

  @Route(stream)
  @Verb('live-activity')
  stream(
    @Input() { query: filter }: InputOf<typeof stream>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant, subject, expiresAt }: Principal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const token = bearerTokenOf(request) ?? '';
    return this.streams.serve(request, response, {
      user: `${tenant}/${subject}`,
      source: this.feed.sourceFor({ tenant, caller, filter }),
      expiresAt,
      isRevoked: () => this.verifier.isRevoked(token),
    });
  }
}
