import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { requestContext } from '@parley/service/request-context';
import { bearerTokenOf, unauthenticated, VERIFIER } from './authentication.guard.js';
import type { Verifier } from './verifier.js';

/** Who holds a live stream, until when, and whether the issuer has taken it back: what `Streams.serve` asks for. */
@Injectable()
export class LiveIdentity {
  constructor(@Inject(VERIFIER) private readonly verifier: Verifier) {}

  of(request: Request): { user: string; expiresAt: string; isRevoked: () => Promise<boolean | undefined> } {
    const { principal } = requestContext();
    const token = bearerTokenOf(request);
    if (principal === undefined || token === undefined) throw unauthenticated(false);
    return {
      user: `${principal.tenant}/${principal.subject}`,
      expiresAt: principal.expiresAt,
      isRevoked: () => this.verifier.isRevoked(token),
    };
  }
}
