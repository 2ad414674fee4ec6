import { randomUUID } from 'node:crypto';
import { until } from '../../deploy/local/demo/play.ts';
import { type Answer, as, field, textAt } from './stack.ts';

/** What people and programs do in the tests, by HTTP only. Every contact is new, so tests do not meet. */

export const newContact = (name = 'visitor'): string => `${name}-${randomUUID().slice(0, 8)}`;

export interface Said {
  messageId: string;
  threadId: string;
}

export interface Visitor {
  account: string;
  contact: string;
  presence?: { online?: boolean; authenticated?: boolean };
  campaign?: string;
  integration?: string;
}

export async function writes(visitor: Visitor, text: string, id = `m-${randomUUID()}`): Promise<Said> {
  const answer = await as(visitor.integration ?? 'integration-1').post(
    `/inbox/v1/channels/${visitor.account}/messages`,
    {
      id,
      contact: { id: visitor.contact, ...visitor.presence },
      text,
      ...(visitor.campaign === undefined ? {} : { campaign: visitor.campaign }),
    },
  );
  return { messageId: textAt(answer, 'messageId'), threadId: textAt(answer, 'threadId') };
}

/** The conversation that a message went into, as inbox's own table says. */
export function placeOf(visitor: Visitor, messageId: string): Promise<string> {
  const path = `/inbox/v1/channels/${visitor.account}/messages/${messageId}?waitMs=5000`;
  return until(`a place for ${messageId}`, async () => {
    const found = field(await as(visitor.integration ?? 'integration-1').get(path), 'conversationId');
    return typeof found === 'string' ? found : undefined;
  });
}

/** A visitor writes; answers the conversation the message is in. */
export async function say(visitor: Visitor, text = 'Where is my parcel?'): Promise<string> {
  return placeOf(visitor, (await writes(visitor, text)).messageId);
}

export const inbox = (conversationId: string, verb: string): string =>
  `/inbox/v1/conversations/${conversationId}/${verb}`;
export const admin = (conversationId: string, verb: string): string =>
  `/admin/v1/conversations/${conversationId}/${verb}`;

export const send = (
  account: string,
  path: string,
  body: unknown = {},
  headers: Record<string, string> = {},
): Promise<Answer> => as(account).send('POST', path, body, headers);

/** Agents take conversations themselves here, and have room for all of them: no test depends on the router's timing but the router's own. */
export async function agentsReady(...agents: string[]): Promise<void> {
  for (const agent of agents) {
    await as('manager-1').put(`/inbox/v1/agents/${agent}/capacity`, { messaging: 500, email: 5 });
    await as(agent).put('/inbox/v1/agents/me/presence', { status: 'online', accepts: 'picking' });
  }
}

export async function pick(agent: string, conversationId: string): Promise<void> {
  await as(agent).post(inbox(conversationId, 'pick'), {});
}

export async function reply(agent: string, conversationId: string, text = 'Let me look.'): Promise<void> {
  await as(agent).post(inbox(conversationId, 'messages'), { id: `a-${randomUUID()}`, text });
}

/** A conversation in each status that HTTP can reach, as far as its policy knows it. `returned` is one of `pending`. */
export async function conversationIn(status: string, visitor: Visitor, agent = 'agent-1'): Promise<string> {
  const id = await say(visitor);
  if (status === 'pending') return id;
  await pick(agent, id);
  if (status === 'assigned') return id;
  await reply(agent, id);
  if (status === 'active') return id;
  if (status === 'paused') await as(agent).post(inbox(id, 'pause'), {});
  else if (status === 'wrap-up') await as(agent).post(inbox(id, 'end-session'), {});
  else if (status === 'returned') await as(agent).post(inbox(id, 'return-to-queue'), {});
  else if (status === 'closed') await as(agent).post(inbox(id, 'close'), {});
  else if (status === 'cancelled')
    await as('super-administrator-1').post(admin(id, 'cancel'), { category: 'no-answer' });
  else throw new Error(`no way to ${status} is known here`);
  return id;
}

/** A list with all its pages: other tests leave much that waits. */
export async function allItems(account: string, path: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: unknown = await as(account).get(cursor === '' ? path : `${path}&cursor=${encodeURIComponent(cursor)}`);
    const items: unknown = field(page, 'items');
    if (!Array.isArray(items)) throw new Error(`${path} is no list`);
    all.push(...Array.from<unknown>(items));
    const next = field(page, 'nextCursor');
    cursor = typeof next === 'string' ? next : undefined;
  }
  return all;
}

/** How many conversations take an agent's messaging room. */
export async function heldBy(agent: string): Promise<number> {
  const held = field(await as(agent).get('/inbox/v1/desk'), 'capacity', 'messaging', 'held');
  if (typeof held !== 'number') throw new Error(`the desk of ${agent} says no capacity`);
  return held;
}

/** The read model's conversation once `check` holds: read models follow the log. */
export function eventually(
  conversationId: string,
  check: (view: unknown) => boolean,
  account = 'super-administrator-1',
): Promise<unknown> {
  return until(
    `the read model of ${conversationId}`,
    async () => {
      const answer = await as(account).send('GET', `/admin/v1/conversations/${conversationId}`);
      return answer.status === 200 && check(answer.body) ? answer.body : undefined;
    },
    20_000,
  );
}

export const isAt =
  (status: string) =>
  (view: unknown): boolean =>
    field(view, 'status') === status;
