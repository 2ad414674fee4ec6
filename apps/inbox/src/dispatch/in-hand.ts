import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { Author } from '@parley/contracts/conversation';
import type { Guards } from '@parley/contracts/protocol';

/** A message on its way, as far as its hand-over needs it; its text stays where it is. */
export interface Handed {
  tenant: string;
  id: string;
  threadId: string;
  channelAccount: string;
  author: Author;
  agentId: string | null;
  conversationId: string | null;
  acceptedAt: Date;
  length: number | null;
  online: boolean;
  authenticated: boolean;
  campaign: string | null;
  caller: Caller;
  guards: Guards | null;
  traceparent: string | null;
  /** An earlier attempt may have sent it. */
  wasHanded: boolean;
}

/** The next message of a claimed thread, on its way since `handedAt`. */
export interface InHand {
  message: Handed;
  /** Taken before the claim was proved: whoever froze in between carries an old instant, and a run refuses it. */
  handedAt: string;
  /** Some message of the thread was placed before: a start needs what the archive knows. */
  hasPast: boolean;
}

export interface ThreadRef {
  tenant: string;
  threadId: string;
  hasPast: boolean;
}

interface Row {
  tenant: string;
  id: string;
  thread_id: string;
  channel_account: string;
  author: Author;
  agent_id: string | null;
  conversation_id: string | null;
  accepted_at: string;
  length: number | null;
  online: boolean;
  authenticated: boolean;
  campaign: string | null;
  caller: Caller;
  guards: Guards | null;
  traceparent: string | null;
  handed_at: string | null;
  is_marked: boolean;
}

/**
 * The first message that waits in each of these threads, marked as handed over. One that is being withdrawn at this
 * moment is not taken (`withdrawn`): look again.
 */
export async function takeFirst(
  em: EntityManager,
  threads: readonly ThreadRef[],
  handedAt: Date,
): Promise<Map<string, InHand | 'withdrawn'>> {
  const rows = await em.execute<Row[]>(
    `with thread as (select * from jsonb_to_recordset(?::jsonb) as named (tenant text, id text)),
     first as (
       select m.* from thread, lateral (
         select tenant, id, thread_id, channel_account, author, agent_id, conversation_id, accepted_at, length, online,
                authenticated, campaign, caller, guards, traceparent, handed_at
         from message where tenant = thread.tenant and thread_id = thread.id and state in ('stored', 'handed')
         order by position limit 1) as m),
     marked as (
       update message set handed_at = ?, state = 'handed' from first
       where message.tenant = first.tenant and message.id = first.id and message.state = 'stored'
       returning message.tenant, message.id)
     select first.*, marked.id is not null as is_marked
     from first left join marked on marked.tenant = first.tenant and marked.id = first.id`,
    [JSON.stringify(threads.map(({ tenant, threadId }) => ({ tenant, id: threadId }))), handedAt],
  );
  const found = new Map(rows.map((row) => [`${row.tenant}/${row.thread_id}`, row]));
  return new Map(
    threads.flatMap((thread): [string, InHand | 'withdrawn'][] => {
      const row = found.get(`${thread.tenant}/${thread.threadId}`);
      return row ? [[keyOf(thread), inHandOf(row, handedAt, thread.hasPast)]] : [];
    }),
  );
}

export const keyOf = ({ tenant, threadId }: Pick<ThreadRef, 'tenant' | 'threadId'>): string => `${tenant}/${threadId}`;

function inHandOf(row: Row, handedAt: Date, hasPast: boolean): InHand | 'withdrawn' {
  const wasHanded = row.handed_at !== null;
  if (!wasHanded && !row.is_marked) return 'withdrawn';
  const { tenant, id, author, length, online, authenticated, campaign, caller, guards, traceparent } = row;
  const message = {
    ...{ tenant, id, author, length, online, authenticated, campaign, caller, guards, traceparent, wasHanded },
    threadId: row.thread_id,
    channelAccount: row.channel_account,
    agentId: row.agent_id,
    conversationId: row.conversation_id,
    acceptedAt: new Date(row.accepted_at),
  };
  return { message, handedAt: handedAt.toISOString(), hasPast };
}
