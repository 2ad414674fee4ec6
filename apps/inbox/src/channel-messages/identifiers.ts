import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Vault } from '@parley/persistence/vault';
import { VAULT } from '../parts.js';

const random = (prefix: string): string => `${prefix}_${randomBytes(16).toString('base64url')}`;
export const newMessageId = (): string => random('msg');
export const newContactId = (): string => random('ct');
export const newNoteId = (): string => random('note');
export const newHookId = (): string => random('hook');

/** One thread for tenant, channel account and contact; nobody learns the contact from it, whose id is random. */
export function threadIdOf(tenant: string, channelAccount: string, contactId: string): string {
  const digest = createHash('sha256').update(`${tenant}|${channelAccount}|${contactId}`).digest('base64url');
  return `th_${digest.slice(0, 22)}`;
}

/** Under which key a message is found again when its sender repeats it; foreign ids are kept as keyed hashes alone. */
@Injectable()
export class SourceKeys {
  constructor(@Inject(VAULT) private readonly vault: Vault) {}

  ofChannel(tenant: string, channelAccount: string, channelMessageId: string): string {
    return this.vault.blindIndex(tenant, `message/${channelAccount}`, channelMessageId);
  }

  /** An agent's client names its messages per conversation. */
  ofAgent(tenant: string, agentId: string, conversationId: string, clientMessageId: string): string {
    return this.vault.blindIndex(tenant, `agent-message/${agentId}/${conversationId}`, clientMessageId);
  }
}
