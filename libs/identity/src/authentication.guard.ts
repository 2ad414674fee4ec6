import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { problem, reasonProblem, unavailable, type ProblemError } from '@parley/service/problem';
import { requestContext } from '@parley/service/request-context';
import { Access } from './access.js';
import { actorOf, callerOf } from './caller.js';
import { PUBLIC, VERB } from './verb.js';
import type { Verifier } from './verifier.js';

export const VERIFIER = Symbol('VERIFIER');

/** Who asks (401), and whether that role may do this at all (403 FORBIDDEN_ROLE); a conversation is not looked at here. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(VERIFIER) private readonly verifier: Verifier,
    @Inject(Access) private readonly access: Access,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<unknown>(PUBLIC, targets) === true) return true;
    const verb: unknown = this.reflector.getAllAndOverride<unknown>(VERB, targets);
    const asked = requestContext();
    asked.verb = typeof verb === 'string' ? verb : 'undeclared';
    const verification = await this.verify(context.switchToHttp().getRequest<Request>());
    asked.principal = verification;
    const actor = actorOf(verification);
    // Set before the refusal, for the audit says who was refused.
    if (actor !== undefined) asked.actor = actor;
    const caller = callerOf(verification, asked.verb, this.access);
    if (caller === undefined) throw reasonProblem('FORBIDDEN_ROLE');
    asked.actor = { kind: caller.kind, id: caller.id, role: caller.role };
    return true;
  }

  private async verify(request: Request) {
    const token = bearerTokenOf(request);
    if (token === undefined) throw unauthenticated(request.headers.authorization !== undefined);
    const verification = await this.verifier.verify(token);
    if (verification.kind === 'principal') return verification.principal;
    throw verification.kind === 'unavailable'
      ? unavailable('The identity provider does not answer.')
      : unauthenticated(true);
  }
}

const BEARER = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i;

/** From the Authorization header alone, and only when there is exactly one. */
export function bearerTokenOf(request: Request): string | undefined {
  const [header, ...more] = request.headersDistinct['authorization'] ?? [];
  return more.length > 0 ? undefined : BEARER.exec(header ?? '')?.[1];
}

/** One reason for every fault (RFC 6750): who forges learns nothing. */
export const unauthenticated = (tokenWasSent: boolean): ProblemError =>
  problem(401, 'unauthenticated', undefined, {
    headers: { 'WWW-Authenticate': tokenWasSent ? 'Bearer error="invalid_token"' : 'Bearer' },
  });
