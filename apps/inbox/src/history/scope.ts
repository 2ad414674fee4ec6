import type { FilterQuery } from '@mikro-orm/core';
import type { Caller, Role } from '@parley/contracts/actor';
import { ACCESS, type Grant, type Reach, type Verb } from '@parley/domain/access';
import type { ConversationRow } from '../lifecycle/conversation.entity.js';

const named = (scopes: readonly string[], prefix: string): string[] =>
  scopes.filter((scope) => scope.startsWith(prefix)).map((scope) => scope.slice(prefix.length));

export const teamsOf = ({ scopes }: Caller): string[] => named(scopes, 'team:');

type Where = FilterQuery<ConversationRow>;
const NOTHING: Where = { id: { $in: [] } };
const own = ({ id }: Caller): Where[] => [{ assignedTo: id }, { statsAgent: id }];
const team = (caller: Caller): Where => ({ groupId: { $in: teamsOf(caller) } });

const REACHES: Record<Reach, (caller: Caller) => Where> = {
  own: (caller) => (caller.role === 'visitor' ? { contactId: caller.id } : { $or: own(caller) }),
  'own-or-team': (caller) => ({ $or: [...own(caller), team(caller)] }),
  'own-or-waiting': (caller) => ({
    $or: [...own(caller), { $and: [team(caller), { status: { $in: ['pending', 'paused'] } }] }],
  }),
  team,
  campaign: ({ scopes }) => ({ campaign: { $in: named(scopes, 'campaign:') } }),
  tenant: ({ scopes }) => (scopes.includes('tenant') ? {} : NOTHING),
  all: () => ({}),
};
const isReach = (grant: Grant): grant is Reach => Object.hasOwn(REACHES, grant);

/** How far a list reaches: the same grants as `reaches`, for many conversations at once. */
export function withinReach(caller: Caller, verb: Verb): Where {
  const grants: Partial<Record<Role, Grant>> = ACCESS[verb];
  const grant = grants[caller.role];
  if (grant === undefined) return NOTHING;
  if (isReach(grant)) return REACHES[grant](caller);
  return caller.scopes.includes(grant) ? {} : NOTHING;
}
