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

/** The end as `GET /admin/v1/conversations/{id}` tells it. */
export function endFromApi(supervisor: Client, conversationId: string): Promise<End> {
  return until(`the end of ${conversationId}`, async () => {
    const view = await supervisor.get(`/admin/v1/conversations/${conversationId}`).catch(() => undefined);
    if (!atRest(field(view, 'status'))) return undefined;
    const sequence = Number(field(view, 'sequence'));
    return { end: named(field(view, 'status'), field(view, 'closing', 'closeKind')), sequence };
  });
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
