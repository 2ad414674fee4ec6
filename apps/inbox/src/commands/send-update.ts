import type { CommandUpdateAnswer } from '@parley/contracts/protocol';
import type { ConversationClient } from '@parley/temporal/client';
import type { Reply } from '@parley/temporal/patience';
import type { InboxCommand } from './ask.js';

/** A command as the Update of its own name; its id makes a repeat harmless. */
export function sendUpdate(
  temporal: ConversationClient,
  tenant: string,
  conversationId: string,
  { type, ...rest }: InboxCommand,
): Promise<Reply<CommandUpdateAnswer>> {
  return temporal.command(tenant, conversationId, type, rest);
}
