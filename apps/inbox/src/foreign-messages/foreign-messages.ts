import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import { foreignMessageIdOf } from '@parley/contracts/identifiers';
import type { ForeignMessage, PlacedMessage } from '@parley/contracts/protocol';
import { SIGNAL_CALLER } from '@parley/domain/access';
import type { Database } from '@parley/persistence/database';
import { notify } from '@parley/persistence/listener';
import { showMessage } from '../desk/desk-changes.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { saidOf } from '../dispatch/said.js';
import { ThreadRow } from '../dispatch/thread.entity.js';
import { lockThread } from '../dispatch/thread-order.js';
import { foldMessage } from '../lifecycle/conversation-fold.js';
import { noteDecided } from '../lifecycle/decided.js';
import { DATABASE, FRESH, HEARD } from '../parts.js';

/** What was said elsewhere and came by a signal: without a text, but part of the message log like any other. */
@Injectable()
export class ForeignMessages {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Once, however often it comes. One without a place is handed over like any other. */
  async record(message: ForeignMessage): Promise<void> {
    const { tenant, threadId, placed } = message;
    await this.database.inTenant(tenant, async (em) => {
      const thread = await em.findOneOrFail(ThreadRow, { tenant, id: threadId }, FRESH);
      const position = await lockThread(em, { tenant, threadId, ...contextOf(thread) });
      const id = await freeIdOf(em, message);
      if (id === undefined) return;
      const row = rowOf(message, id, thread, position);
      await em.insert(MessageRow, row);
      if (placed) await this.#placed(em, row);
      else await notify(em, HEARD.thread);
    });
  }

  async #placed(em: EntityManager, row: ReturnType<typeof rowOf>): Promise<void> {
    const { tenant, threadId, conversationId, afterSequence } = row;
    await em.execute('update thread set has_past = true where tenant = ? and id = ?', [tenant, threadId]);
    await notify(em, HEARD.unpublished);
    if (conversationId === null || afterSequence === null) return;
    await noteDecided(em, tenant, conversationId, afterSequence);
    for (const said of saidOf(row)) await foldMessage(em, said);
    await showMessage(em, tenant, { conversationId, messageId: row.id });
  }
}

/** Undefined: it has its row. */
async function freeIdOf(em: EntityManager, message: ForeignMessage): Promise<string | undefined> {
  const { tenant, threadId, messageId, placed } = message;
  const id = foreignMessageIdOf(threadId, messageId);
  const known = await em.findOne(MessageRow, { tenant, id }, FRESH);
  if (!known) return id;
  // One that still waits for the dispatcher is answered this place.
  if (!placed || isAt(known, placed) || known.state === 'stored' || known.state === 'handed') return undefined;
  // So old that the run had forgotten it: it has counted once more, and readers count without a hole.
  const another = `${id}/${placed.conversationId}:${placed.messageNumber}`;
  return (await em.findOne(MessageRow, { tenant, id: another }, FRESH)) ? undefined : another;
}

const isAt = (row: MessageRow, { conversationId, messageNumber }: PlacedMessage): boolean =>
  row.conversationId === conversationId && row.messageNumber === messageNumber;

const contextOf = ({ channelAccount, contactId }: ThreadRow) => ({ channelAccount, contactId });

function rowOf(
  { tenant, threadId, author, agentId, at, placed }: ForeignMessage,
  id: string,
  thread: ThreadRow,
  position: number,
) {
  return {
    tenant,
    id,
    threadId,
    ...contextOf(thread),
    position,
    sourceKey: null,
    state: placed ? ('placed' as const) : ('stored' as const),
    author,
    agentId,
    conversationId: placed?.conversationId ?? null,
    acceptedAt: new Date(at),
    length: null,
    body: null,
    online: false,
    authenticated: false,
    caller: author === 'visitor' ? visitorOf(thread) : SIGNAL_CALLER,
    decidedAt: placed ? new Date(placed.decidedAt) : null,
    afterSequence: placed?.afterSequence ?? null,
    messageNumber: placed?.messageNumber ?? null,
  };
}

const visitorOf = ({ contactId }: ThreadRow): Caller => ({
  kind: 'visitor',
  id: contactId,
  role: 'visitor',
  scopes: [],
});
