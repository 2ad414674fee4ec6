import { createParamDecorator } from '@nestjs/common';
import type { Actor, Caller, Role } from '@parley/contracts/actor';
import { requestContext, type Principal } from '@parley/service/request-context';
import type { Access } from './access.js';

/** Who of several roles acts: the widest that may do it, so that a manager who is also an agent keeps a manager's reach. */
const WIDEST_FIRST = [
  'super-administrator',
  'administrator',
  'manager',
  'auditor',
  'integration',
  'agent',
  'visitor',
] as const satisfies readonly Role[];

const KINDS: Record<Role, Actor['kind']> = {
  visitor: 'visitor',
  agent: 'agent',
  manager: 'supervisor',
  administrator: 'supervisor',
  'super-administrator': 'supervisor',
  auditor: 'supervisor',
  integration: 'integration',
  system: 'system',
};

/** The token's bearer as the one who acts; undefined when none of the roles may (FORBIDDEN_ROLE). Nobody is `system` by token. */
export function callerOf(principal: Principal, verb: string, access: Access): Caller | undefined {
  const role = WIDEST_FIRST.find(
    (candidate) => principal.roles.includes(candidate) && access.mayCall([candidate], principal.scopes, verb),
  );
  return role && { ...actorIn(principal.subject, role), scopes: principal.scopes };
}

const actorIn = (id: string, role: Role): Actor => ({ kind: KINDS[role], id, role });

/** Who asks, before it is known whether they may; undefined where the token names no role of ours. */
export function actorOf({ subject, roles }: Principal): Actor | undefined {
  const role = WIDEST_FIRST.find((candidate) => roles.includes(candidate));
  return role && actorIn(subject, role);
}

/** Handler parameter: who asks, in the role that the route's verb needs. */
export const CurrentCaller = createParamDecorator((): Caller => {
  const { principal, actor } = requestContext();
  if (principal === undefined || actor === undefined) throw new Error('@CurrentCaller on a @Public route');
  return { ...actor, scopes: principal.scopes };
});

/** Handler parameter: the token's claims. */
export const CurrentPrincipal = createParamDecorator((): Principal => {
  const { principal } = requestContext();
  if (principal === undefined) throw new Error('@CurrentPrincipal on a @Public route');
  return principal;
});
