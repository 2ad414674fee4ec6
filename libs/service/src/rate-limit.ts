import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { problem } from './problem.js';
import { requestContext } from './request-context.js';

interface Bucket {
  tokens: number;
  at: number;
}

/** Beyond so many callers the ones that are full again are forgotten: a full bucket is as good as none. */
const SWEEP_ABOVE = 10_000;

/** A token bucket per caller, one second deep, in this process. */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    readonly perSecond: number,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Whether this one may pass; takes its token. */
  take(caller: string): { passes: boolean; remaining: number } {
    const now = this.clock();
    if (this.buckets.size > SWEEP_ABOVE) this.sweep(now);
    const bucket = this.buckets.get(caller) ?? { tokens: this.perSecond, at: now };
    const tokens = Math.min(this.perSecond, bucket.tokens + ((now - bucket.at) / 1000) * this.perSecond);
    const passes = tokens >= 1;
    this.buckets.set(caller, { tokens: passes ? tokens - 1 : tokens, at: now });
    return { passes, remaining: Math.floor(passes ? tokens - 1 : tokens) };
  }

  private sweep(now: number): void {
    for (const [caller, bucket] of this.buckets) {
      if (now - bucket.at >= 1000) this.buckets.delete(caller);
    }
  }
}

/** After authentication and role, before the shape is looked at. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limit: RateLimit) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { principal } = requestContext();
    const caller = principal
      ? `${principal.tenant}/${principal.subject}`
      : `address:${http.getRequest<Request>().ip ?? ''}`;
    const { passes, remaining } = this.limit.take(caller);
    http.getResponse<Response>().setHeader('RateLimit', `"principal";r=${remaining};t=1`);
    if (!passes) throw problem(429, 'rate-limited', undefined, { retryAfterS: 1 });
    return true;
  }
}
