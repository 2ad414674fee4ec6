import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { admin, inbox, newContact, type Visitor } from '../end-to-end/actors.ts';
import { type Answer, as, field } from '../end-to-end/stack.ts';

/** What the client was told: the other side of every invariant (I5). */
export interface Entry {
  what: string;
  conversationId: string | undefined;
  messageId: string | undefined;
  status: number;
  sequence: number | undefined;
  tookMs: number;
  /** More than one: a fault came between. */
  attempts: number;
}

const RETRY = new Set([429, 503, 504]);
const PATIENCE_MS = 60_000;

/** Sends a command until it has a definite answer; every attempt carries the same key. Network errors count as 503. */
async function settled(account: string, path: string, body: object): Promise<{ answer: Answer; attempts: number }> {
  const key = { 'idempotency-key': randomUUID() };
  const end = Date.now() + PATIENCE_MS;
  for (let attempts = 1; ; attempts += 1) {
    const answer = await as(account).send('POST', path, body, key).catch(unreachable);
    const inFlight = answer.status === 409 && answer.headers.has('retry-after');
    if ((!RETRY.has(answer.status) && !inFlight) || Date.now() > end) return { answer, attempts };
    await wait(1000 * Number(answer.headers.get('retry-after') ?? 1));
  }
}

const unreachable = (): Answer => ({ status: 503, headers: new Headers({ 'retry-after': '1' }), body: undefined });

/** One visitor's short life under load: writes, is picked, answered, and closed by a supervisor; every answer is noted. */
export async function liveOnce(journal: Entry[], pauseMs: number): Promise<void> {
  const visitor: Visitor = { account: 'site', contact: newContact('load') };
  const post = async (
    what: string,
    who: string,
    path: string,
    body: object,
    conversationId?: string,
  ): Promise<Entry> => {
    const startedAt = Date.now();
    const { answer, attempts } = await settled(who, path, body);
    const entry = { ...noted(what, answer, conversationId), tookMs: Date.now() - startedAt, attempts };
    journal.push(entry);
    return entry;
  };
  const said = await post('message', 'integration-1', '/inbox/v1/channels/site/messages', {
    id: `m-${randomUUID()}`,
    contact: { id: visitor.contact },
    text: 'Is anybody there?',
  });
  const id = await placed('site', said.messageId ?? '');
  said.conversationId = id;
  await post('pick', 'agent-1', inbox(id, 'pick'), {}, id);
  await wait(pauseMs);
  await post('reply', 'agent-1', inbox(id, 'messages'), { id: `a-${randomUUID()}`, text: 'Yes.' }, id);
  await wait(pauseMs);
  await post('close', 'manager-1', admin(id, 'close'), {}, id);
}

/** One answer as an entry, that came at once. */
export const noted = (what: string, { status, body }: Answer, conversationId?: string): Entry => ({
  what,
  conversationId,
  messageId: textOr(field(body, 'messageId')),
  status,
  sequence: numberOr(field(body, 'sequence')),
  tookMs: 0,
  attempts: 1,
});

/** The conversation of a message, however long the way there is interrupted. */
export async function placed(account: string, messageId: string, patienceMs = 120_000): Promise<string> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await as('integration-1')
      .send('GET', `/inbox/v1/channels/${account}/messages/${messageId}?waitMs=2000`)
      .catch(unreachable);
    const found = field(answer.body, 'conversationId');
    if (typeof found === 'string') return found;
    if (Date.now() > end) throw new Error(`message ${messageId} found no conversation within ${patienceMs / 1000} s`);
    await wait(100);
  }
}

const textOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOr = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Starts `perSecond` lives a second until `seconds` are over, then waits for all of them; each rests so long when it is picked. */
export async function lives(journal: Entry[], perSecond: number, seconds: number, pauseMs = 0): Promise<void> {
  const running: Promise<void>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    running.push(liveOnce(journal, pauseMs));
    await wait(1000 / perSecond);
  }
  await Promise.all(running);
}
