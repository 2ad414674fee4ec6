import { Controller, Res } from '@nestjs/common';
import type { Response } from 'express';
import {
  ChannelMessageBody,
  MessageAccepted,
  Placement,
  PlacementQuery,
  PresenceBody,
} from '@parley/contracts/inbox-http';
import { CurrentPrincipal } from '@parley/identity/caller';
import { Verb } from '@parley/identity/verb';
import type { Principal } from '@parley/service/request-context';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { z } from 'zod';
import { ChannelMessages } from './channel-messages.js';

const receive = route({
  method: 'POST',
  path: 'channels/:accountId/messages',
  summary: 'A visitor’s message from a channel; stored when answered',
  description: 'The same `id` on an account always answers the same `messageId`, whatever else it says.',
  params: z.strictObject({ accountId: z.string() }),
  body: ChannelMessageBody,
  answer: MessageAccepted,
  status: 202,
  errors: ['erased'],
});
const placement = route({
  method: 'GET',
  path: 'channels/:accountId/messages/:messageId',
  summary: 'The conversation that a message belongs to, or null while it waits for one',
  params: z.strictObject({ accountId: z.string(), messageId: z.string() }),
  query: PlacementQuery,
  answer: Placement,
});
const presence = route({
  method: 'PUT',
  path: 'channels/:accountId/contacts/:externalId/presence',
  summary: 'Whether the visitor is there and logged in (A9)',
  params: z.strictObject({ accountId: z.string(), externalId: z.string() }),
  body: PresenceBody,
  answer: PresenceBody,
});

@Controller()
export class ChannelMessagesController {
  constructor(private readonly messages: ChannelMessages) {}

  @Route(receive)
  @Verb('message.receive')
  async receive(
    @Input() { params: { accountId }, body }: InputOf<typeof receive>,
    @CurrentPrincipal() { tenant }: Principal,
    @Res({ passthrough: true }) response: Response,
  ) {
    const accepted = await this.messages.receive(tenant, accountId, body);
    response.location(`/inbox/v1/channels/${encodeURIComponent(accountId)}/messages/${accepted.messageId}`);
    return accepted;
  }

  @Route(placement)
  @Verb('message.receive')
  placement(
    @Input() { params: { accountId, messageId }, query: { waitMs } }: InputOf<typeof placement>,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.messages.placement(tenant, accountId, messageId, waitMs);
  }

  @Route(presence)
  @Verb('presence.visitor')
  presence(
    @Input() { params: { accountId, externalId }, body }: InputOf<typeof presence>,
    @CurrentPrincipal() { tenant }: Principal,
  ) {
    return this.messages.setPresence(tenant, accountId, externalId, body);
  }
}
