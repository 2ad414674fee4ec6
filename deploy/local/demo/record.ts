import { setTimeout as wait } from 'node:timers/promises';
import { readTopic } from '@parley/lifecycle-log/read-topic';
import { type Client, field } from './client.ts';
import { until } from './play.ts';

/** What the record says of a conversation, from one source. */
export interface End {
  end: string;
  sequence: number;
}

/** Has it come to rest? A natural close takes its five seconds; the read model follows the log. */
const atRest = (status: unknown): boolean => status === 'closed' || status === 'cancelled' || status === 'wrap-up';

const named = (status: unknown, closeKind: unknown): string =>
  typeof closeKind === 'string' ? `${String(status)} (${closeKind})` : String(status);

type Reader = Pick<Client, 'get'>;

/** The end as `GET /admin/v1/conversations/{id}` tells it now, or undefined while there is none. */
async function endNow(supervisor: Reader, conversationId: string): Promise<End | undefined> {
  const view = await supervisor.get(`/admin/v1/conversations/${conversationId}`).catch(() => undefined);
  if (!atRest(field(view, 'status'))) return undefined;
  const sequence = Number(field(view, 'sequence'));
  return { end: named(field(view, 'status'), field(view, 'closing', 'closeKind')), sequence };
}

/** @throws Error when it does not end */
const endFromApi = (supervisor: Reader, conversationId: string): Promise<End> =>
  until(`the end of ${conversationId}`, () => endNow(supervisor, conversationId));

/** Both accounts of one conversation. */
export interface Ends {
  api: End;
  kafka: End | undefined;
}

/** So long may the read model be behind the log before that is a difference. */
const BEHIND_MS = 30_000;
const BETWEEN_LOOKS_MS = 100;

/**
 * What the API and the log say of each conversation, once the API is as far as the log: it follows, and a closed
 * conversation has one or two more events after the close. What still differs after `patienceMs` differs.
 */
export async function endsFromBoth(
  supervisor: Reader,
  readLog: (wanted: ReadonlySet<string>) => Promise<ReadonlyMap<string, End>>,
  ids: ReadonlySet<string>,
  patienceMs = BEHIND_MS,
): Promise<Map<string, Ends>> {
  const ends = new Map<string, Ends>();
  for (const id of ids) ends.set(id, { api: await endFromApi(supervisor, id), kafka: undefined });
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const log = await readLog(ids);
    for (const [id, { api }] of ends) {
      const kafka = log.get(id);
      ends.set(id, { api: await caughtUp(supervisor, id, api, kafka?.sequence ?? 0, deadline), kafka });
    }
    // While the API caught up, the log may have gone on.
    const isLogBehind = [...ends.values()].some(({ api, kafka }) => api.sequence > (kafka?.sequence ?? 0));
    if (!isLogBehind || Date.now() >= deadline) return ends;
    await wait(BETWEEN_LOOKS_MS);
  }
}

async function caughtUp(
  supervisor: Reader,
  conversationId: string,
  first: End,
  sequence: number,
  deadline: number,
): Promise<End> {
  let api = first;
  while (api.sequence < sequence && Date.now() < deadline) {
    await wait(BETWEEN_LOOKS_MS);
    api = (await endNow(supervisor, conversationId)) ?? api;
  }
  return api;
}

/**
 * The ends as the log tells them: the last word on status of each conversation, and its highest sequence.
 * @param brokers host:port of Kafka
 */
export async function endsFromKafka(brokers: string, wanted: ReadonlySet<string>): Promise<Map<string, End>> {
  const ends = new Map<string, End>();
  for (const record of await readTopic({ brokers, topic: 'conversation.lifecycle.v1' })) {
    const conversationId = field(record.value, 'conversationId');
    const sequence = Number(field(record.value, 'sequence'));
    if (typeof conversationId !== 'string' || !wanted.has(conversationId)) continue;
    const before = ends.get(conversationId);
    if (before !== undefined && before.sequence >= sequence) continue;
    const closeKind = field(record.value, 'closeKind');
    const status = field(record.value, 'statusTo');
    const end =
      typeof closeKind === 'string' || before === undefined ? named(status, closeKind) : stays(before, status);
    ends.set(conversationId, { end, sequence });
  }
  return ends;
}

/** An event after the closing one repeats the status but not the kind. */
const stays = (before: End, status: unknown): string =>
  before.end.startsWith(`${String(status)} (`) ? before.end : String(status);
