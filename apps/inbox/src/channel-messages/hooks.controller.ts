import { Controller, Req } from '@nestjs/common';
import type { Request } from 'express';
import { MessageAccepted } from '@parley/contracts/inbox-http';
import { Public } from '@parley/identity/verb';
import { bodyOf } from '@parley/service/json-body';
import { Input, type InputOf, Route, route } from '@parley/service/route';
import { z } from 'zod';
import { Hooks } from './hooks.js';

const receive = route({
  method: 'POST',
  path: 'hooks/:hookId',
  summary: 'A visitor’s message, signed instead of a token (Standard Webhooks)',
  description:
    'The body is that of `POST /channels/{accountId}/messages`; `hookId` and secret stand in the channel account.',
  params: z.strictObject({ hookId: z.string() }),
  body: z.unknown(),
  answer: MessageAccepted,
  status: 202,
  errors: ['unauthenticated'],
});

const SIGNATURE_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

@Controller()
export class HooksController {
  constructor(private readonly hooks: Hooks) {}

  /** The shape is looked at after the signature: strangers learn nothing of it. */
  @Route(receive)
  @Public()
  receive(@Input() { params }: InputOf<typeof receive>, @Req() request: Request) {
    const headers = Object.fromEntries(SIGNATURE_HEADERS.map((name) => [name, request.header(name) ?? '']));
    const { raw, value } = bodyOf(request);
    return this.hooks.receive({ ...params, raw, value, headers });
  }
}
