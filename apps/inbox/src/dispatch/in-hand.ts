import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caller } from '@parley/contracts/actor';
import type { Author } from '@parley/contracts/conversation';
import type { Guards } from '@parley/contracts/protocol';
import { notifyAll } from '../notices.js';

/** Longer than its sender's request waits: whoever wrote it may have been told by now that it was not sent. */
const TOO_LATE_S = 10;

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
  /** What this look made of it; null: it was handed over before, or somebody else withdrew it at this moment. */
  made: 'handed' | 'withdrawn' | null;
}

/**
 * The first message that waits in each of these threads, marked as handed over. One that is being withdrawn at this
 * moment is not taken (`withdrawn`): look again. An agent's that nobody handed over in time is withdrawn here, should its
 * request have died before it could: it is never sent later. One told by a signal (no source key) was said long ago.
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
                authenticated, campaign, caller, guards, traceparent, handed_at,
                author = 'agent' and source_key is not null
                  and accepted_at < now() - ? * interval '1 s' as is_late
         from message where tenant = thread.tenant and thread_id = thread.id and state in ('stored', 'handed')
         order by position limit 1) as m),
     marked as (
       update message set
         state = case when is_late then 'withdrawn' else 'handed' end,
         handed_at = case when is_late then null else ?::timestamptz end,
         source_key = case when is_late then null else source_key end,
         body = case when is_late then null else body end
       from first
       where message.tenant = first.tenant and message.id = first.id and message.state = 'stored'
       returning message.tenant, message.id, message.state)
     select first.*, marked.state as made
     from first left join marked on marked.tenant = first.tenant and marked.id = first.id`,
    [JSON.stringify(threads.map(({ tenant, threadId }) => ({ tenant, id: threadId }))), TOO_LATE_S, handedAt],
  );
  const found = new Map(rows.map((row) => [`${row.tenant}/${row.thread_id}`, row]));
  const late = threads.filter((thread) => found.get(keyOf(thread))?.made === 'withdrawn');
  const isLate = new Set(late.map(keyOf));
  const taken = new Map(
    threads.flatMap((thread): [string, InHand | 'withdrawn'][] => {
      const row = found.get(keyOf(thread));
      return row && !isLate.has(keyOf(thread)) ? [[keyOf(thread), inHandOf(row, handedAt, thread.hasPast)]] : [];
    }),
  );
  if (late.length === 0) return taken;
  await notifyAll(
    em,
    rows.flatMap(({ id, made }) => (made === 'withdrawn' ? [['message', id] as const] : [])),
  );
  return new Map([...taken, ...(await takeFirst(em, late, handedAt))]);
}

export const keyOf = ({ tenant, threadId }: Pick<ThreadRef, 'tenant' | 'threadId'>): string => `${tenant}/${threadId}`;

function inHandOf(row: Row, handedAt: Date, hasPast: boolean): InHand | 'withdrawn' {
  const wasHanded = row.handed_at !== null;
  if (!wasHanded && row.made === null) return 'withdrawn';
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
