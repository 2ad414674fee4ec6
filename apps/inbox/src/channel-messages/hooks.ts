import { Injectable } from '@nestjs/common';
import { ChannelMessageBody, type MessageAccepted } from '@parley/contracts/inbox-http';
import { problem } from '@parley/service/problem';
import { shaped } from '@parley/service/shape';
import { Webhook } from 'standardwebhooks';
import { ChannelAccounts } from '../configuration/channel-accounts.js';
import { ChannelMessages } from './channel-messages.js';

export interface SignedRequest {
  hookId: string;
  /** The bytes that were signed. */
  raw: Buffer;
  value: unknown;
  headers: Record<string, string>;
}

const HOOK_ID = /^hook_[A-Za-z0-9_-]{10,60}$/;

/** The same message, vouched for by a signature instead of a token (Standard Webhooks, 5 min of tolerance). */
@Injectable()
export class Hooks {
  constructor(
    private readonly accounts: ChannelAccounts,
    private readonly messages: ChannelMessages,
  ) {}

  /** An unknown hook and a wrong signature look the same. @throws 401 */
  async receive({ hookId, raw, value, headers }: SignedRequest): Promise<MessageAccepted> {
    const account = HOOK_ID.test(hookId) ? await this.accounts.ofHook(hookId) : null;
    const secret = account && (await this.accounts.secretOf(account));
    if (!account || !secret || !isSigned(secret, raw, headers)) throw problem(401, 'unauthenticated');
    return this.messages.receive(account.tenant, account.id, shaped(ChannelMessageBody, value, ''));
  }
}

function isSigned(secret: string, raw: Buffer, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(raw, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
