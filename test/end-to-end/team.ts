import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { signingKeyOf } from '../../deploy/local/keys.ts';
import { accessToken } from '../../deploy/local/tokens.ts';
import { until } from '../../deploy/local/demo/play.ts';
import { rows } from './database.ts';
import { as, at, field, introduce, issuer, textAt } from './stack.ts';

/** A group with its own agents, campaign and channel account: what is tested on it meets no other test. */
export interface Team {
  /** Of the group, of its campaign and of its channel account. */
  id: string;
  /** By name, in order; each can be given to `as`, and so can those who are set over them. */
  agents: [string, string];
  manager: string;
  administrator: string;
  hookId: string;
  secret: string;
}

const head = (): ReturnType<typeof as> => as('super-administrator-1');

interface Account {
  kind?: 'site' | 'third-party';
  policy?: string;
  deliveryUrl?: string;
  surveyOn?: boolean;
}

export async function newTeam(account: Account = {}, paidPerConversation = false): Promise<Team> {
  const id = `team-${randomUUID().slice(0, 8)}`;
  const agents: Team['agents'] = [`${id}-a`, `${id}-b`];
  for (const name of agents) await head().post('/admin/v1/people', { id: name, name, role: 'agent' });
  await head().post('/admin/v1/groups', { id, name: id, members: agents });
  await head().post('/admin/v1/campaigns', { id, name: id, groups: [id], paidPerConversation });
  const [manager, administrator] = [`${id}-manager`, `${id}-administrator`];
  for (const name of agents) introduce(name, await tokenFor(name, 'agent', `team:${id}`));
  introduce(manager, await tokenFor(manager, 'manager', `team:${id}`));
  introduce(administrator, await tokenFor(administrator, 'administrator', `campaign:${id}`));
  const body = { id, kind: 'third-party', defaultCampaign: id, policy: 'iadvize-social', surveyOn: false, ...account };
  const made = await until('inbox to know the campaign', async () => {
    const answer = await head().send('POST', '/inbox/v1/channel-accounts', body);
    return answer.status === 201 ? answer.body : undefined;
  });
  await until('inbox to know the group', async () => {
    const [known] = await rows(`select 1 from inbox.configuration where kind = 'group' and key = $1`, [id]);
    return known;
  });
  const [hookId, secret] = [textAt(made, 'hookId'), textAt(made, 'secret')];
  return { id, agents, manager, administrator, hookId, secret };
}

/** Their token as the development provider would sign it, were they one of its accounts. */
async function tokenFor(name: string, role: string, scope: string): Promise<string> {
  const key = await signingKeyOf(dirname(at('logs')));
  return accessToken(issuer, key, { name, tenant: 'demo', roles: [role], scopes: [scope] });
}

export const room = (agent: string, messaging: number): Promise<unknown> =>
  head().put(`/inbox/v1/agents/${agent}/capacity`, { messaging, email: 5 });

export const comes = (agent: string, accepts: 'automatic' | 'picking'): Promise<unknown> =>
  as(agent).put('/inbox/v1/agents/me/presence', { status: 'online', accepts });

export const goes = (agent: string): Promise<unknown> =>
  as(agent).put('/inbox/v1/agents/me/presence', { status: 'offline', accepts: 'automatic' });

/** Waits until inbox says that somebody has it; answers who. */
export const givenTo = (conversationId: string): Promise<string> =>
  until(`an agent for ${conversationId}`, async () => {
    const view = await as('integration-1').send('GET', `/inbox/v1/conversations/${conversationId}`);
    const agent = field(view.body, 'assignedTo');
    return typeof agent === 'string' ? agent : undefined;
  });

/** Waits until inbox says that it waits for this reason. */
export const waits = (conversationId: string, pendingReason: string): Promise<true> =>
  until(`${conversationId} to wait as ${pendingReason}`, async () => {
    const view = await as('integration-1').send('GET', `/inbox/v1/conversations/${conversationId}`);
    return field(view.body, 'pendingReason') === pendingReason ? true : undefined;
  });
