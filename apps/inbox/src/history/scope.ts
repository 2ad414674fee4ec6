import type { FilterQuery } from '@mikro-orm/core';
import type { Caller, Role } from '@parley/contracts/actor';
import { ACCESS, type Grant, type Verb } from '@parley/domain/access';
import type { ConversationRow } from '../lifecycle/conversation.entity.js';

const named = (scopes: readonly string[], prefix: string): string[] =>
  scopes.filter((scope) => scope.startsWith(prefix)).map((scope) => scope.slice(prefix.length));

export const teamsOf = ({ scopes }: Caller): string[] => named(scopes, 'team:');

const NOTHING: FilterQuery<ConversationRow> = { id: { $in: [] } };

/** How far a list reaches: the same grants as `reaches`, for many conversations at once. */
export function withinReach(caller: Caller, verb: Verb): FilterQuery<ConversationRow> {
  const grants: Partial<Record<Role, Grant>> = ACCESS[verb];
  const { id, role, scopes } = caller;
  const grant = grants[role];
  const own: FilterQuery<ConversationRow>[] = [{ assignedTo: id }, { statsAgent: id }];
  const team: FilterQuery<ConversationRow> = { groupId: { $in: teamsOf(caller) } };
  switch (grant) {
    case undefined:
      return NOTHING;
    case 'all':
      return {};
    case 'tenant':
      return scopes.includes('tenant') ? {} : NOTHING;
    case 'campaign':
      return { campaign: { $in: named(scopes, 'campaign:') } };
    case 'team':
      return team;
    case 'own':
      return role === 'visitor' ? { contactId: id } : { $or: own };
    case 'own-or-team':
      return { $or: [...own, team] };
    case 'own-or-waiting':
      return { $or: [...own, { ...team, status: { $in: ['pending', 'paused'] } }] };
    default:
      return scopes.includes(grant) ? {} : NOTHING;
  }
}
