import type { Request } from 'express';
import { problem, type ProblemError } from './problem.js';
import type { RouteEntry } from './route-table.js';

/** For what no route takes: 405 with Allow where the address exists with another method, else 404. */
export function unknownRouteOf(table: readonly RouteEntry[]): (request: Request) => ProblemError {
  const patterns = table.map(({ definition, path }) => ({ method: definition.method, pattern: patternFor(path) }));
  return (request) => {
    // Nest mounts its last handler under the prefix, which Express takes off `path`.
    const path = request.baseUrl + request.path;
    const methods = new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method));
    if (methods.size === 0) return problem(404, 'not-found');
    const allow = [...methods, ...(methods.has('GET') ? ['HEAD'] : [])].join(', ');
    return problem(405, 'method-not-allowed', undefined, { headers: { Allow: allow } });
  };
}

const patternFor = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+')}$`);
