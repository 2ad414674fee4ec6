import type { Caller, Role } from '@parley/contracts/actor';
import { ACCESS, type Grant, type Verb } from '@parley/domain/access';

/** How far a supervisor's list reaches (A3, D2): the same grants as `reaches`, for many conversations at once. */
export type Scope =
  | { kind: 'everything' }
  | { kind: 'nothing' }
  | { kind: 'groups'; ids: string[] }
  | { kind: 'campaigns'; ids: string[] };

const named = (scopes: readonly string[], prefix: string): string[] =>
  scopes.filter((scope) => scope.startsWith(prefix)).map((scope) => scope.slice(prefix.length));

export function scopeOf({ role, scopes }: Caller, verb: Verb): Scope {
  const grants: Partial<Record<Role, Grant>> = ACCESS[verb];
  const grant = grants[role];
  if (grant === 'campaign') return { kind: 'campaigns', ids: named(scopes, 'campaign:') };
  if (grant === 'team') return { kind: 'groups', ids: named(scopes, 'team:') };
  // `tenant` and a machine's grant are scopes that the token must have; an agent's own are no supervisor's list.
  const isEverything = grant === 'all' || (grant !== undefined && !isOwn(grant) && scopes.includes(grant));
  return { kind: isEverything ? 'everything' : 'nothing' };
}

const isOwn = (grant: Grant): boolean => grant.startsWith('own');

type OneOf = { $in: string[] };
type Meets = { $overlap: string[] };

/** The scope as a condition; a value of our own making, never what a request said. */
export function withinScope(scope: Scope): { id?: OneOf; groupId?: OneOf; campaign?: OneOf } {
  switch (scope.kind) {
    case 'everything':
      return {};
    case 'nothing':
      return { id: { $in: [] } };
    case 'groups':
      return { groupId: { $in: scope.ids } };
    case 'campaigns':
      return { campaign: { $in: scope.ids } };
  }
}

/** Where it ever was: who once saw it must hear that it left. */
export function onceWithinScope(scope: Scope): { id?: OneOf; pastGroups?: Meets; pastCampaigns?: Meets } {
  switch (scope.kind) {
    case 'everything':
      return {};
    case 'nothing':
      return { id: { $in: [] } };
    case 'groups':
      return { pastGroups: { $overlap: scope.ids } };
    case 'campaigns':
      return { pastCampaigns: { $overlap: scope.ids } };
  }
}
