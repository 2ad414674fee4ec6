import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Caller } from '@parley/contracts/actor';
import { DeskView, ListQuery, PickingList } from '@parley/contracts/inbox-http';
import { bearerTokenOf, VERIFIER } from '@parley/identity/authentication.guard';
import { CurrentCaller, CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import type { Verifier } from '@parley/identity/verifier';
import { EVENT_STREAM } from '@parley/service/answer.interceptor';
import type { Principal } from '@parley/service/request-context';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { Streams } from '@parley/service/sse';
import { DeskFeed } from './desk.feed.js';
import { Desk } from './desk.js';

const panel = route({
  method: 'GET',
  path: 'desk',
  summary: 'Your panel, and how much room you have',
  answer: DeskView,
});
const pickingList = route({
  method: 'GET',
  path: 'desk/picking-list',
  summary: 'What you could take: waiting in your groups, and paused',
  query: ListQuery,
  answer: PickingList,
});
const stream = route({
  method: 'GET',
  path: 'desk/stream',
  summary: 'Your desk as it changes: `conversation`, `capacity` and `message`, each with a DeskChange',
  description: '`id` is a position for Last-Event-ID on any replica; `event: ready` or `event: reset` come first.',
  produces: [EVENT_STREAM],
});

@Controller()
export class DeskController {
  constructor(
    private readonly desk: Desk,
    private readonly feed: DeskFeed,
    private readonly streams: Streams,
    @Inject(VERIFIER) private readonly verifier: Verifier,
  ) {}

  @Route(panel)
  @Verb('desk')
  panel(@Input() _: InputOf<typeof panel>, @CurrentCaller() caller: Caller, @CurrentPrincipal() { tenant }: Principal) {
    return this.desk.panel(tenant, caller);
  }

  @Route(pickingList)
  @Verb('desk')
  pickingList(
    @Input() { query }: InputOf<typeof pickingList>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.desk.pickingList(tenant, caller, query);
  }

  @Route(stream)
  @Verb('desk')
  stream(
    @Input() _: InputOf<typeof stream>,
    @CurrentCaller() caller: Caller,
    @CurrentPrincipal() { tenant, subject, expiresAt }: Principal,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const token = bearerTokenOf(request) ?? '';
    return this.streams.serve(request, response, {
      user: `${tenant}/${subject}`,
      source: this.feed.sourceFor(tenant, caller),
      expiresAt,
      isRevoked: () => this.verifier.isRevoked(token),
    });
  }
}
