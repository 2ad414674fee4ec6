import type { NextFunction, Request, Response } from 'express';
import { EVENT_STREAM } from './answer.interceptor.js';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** One registry a service; injectable, so that a room can add its own. */
export class Metrics {
  readonly registry = new Registry();
  private readonly http: Histogram;
  private readonly updates: Histogram;

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    // Every 10 ms, as by default, would wake an idle process 100 times a second.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 100 });
    this.http = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the request line to the last byte of the answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [this.registry],
    });
    this.updates = new Histogram({
      name: 'temporal_update_seconds',
      help: 'From sending an Update to a conversation to its answer, its turn in line and all attempts included.',
      labelNames: ['update'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [this.registry],
    });
  }

  readonly observeUpdate = (update: string, seconds: number): void => this.updates.observe({ update }, seconds);

  /** The label is the route's pattern, never the path: ids are no labels. */
  readonly observe = (request: Request, response: Response, next: NextFunction): void => {
    const startedAt = performance.now();
    response.once('close', () => {
      // A live stream lasts as long as its reader stays.
      if (response.getHeader('Content-Type') === EVENT_STREAM) return;
      const seconds = (performance.now() - startedAt) / 1000;
      this.http.observe({ method: request.method, route: patternOf(request), status: response.statusCode }, seconds);
    });
    next();
  };
}

export function patternOf(request: Request): string {
  const matched: unknown = request.route;
  const path = typeof matched === 'object' && matched !== null && 'path' in matched ? matched.path : undefined;
  return typeof path === 'string' ? path : 'unknown';
}
