import type { z } from 'zod';
import { storageFault } from '@parley/contracts/primitives';
import type { FieldFault } from '@parley/contracts/problem';
import { pointerTo } from './pointer.js';
import { problem } from './problem.js';

const pointer = (prefix: string, path: readonly PropertyKey[]): string => prefix + pointerTo(path);

const MAX_FAULTS = 20;

/** A zod issue as field faults: an unknown key is pointed at itself, not at its parent. */
function faultsOf(issue: z.core.$ZodIssue, prefix: string): FieldFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointer(prefix, [...issue.path, key]), detail: 'is not known here' }));
  }
  return [{ pointer: pointer(prefix, issue.path), detail: issue.message }];
}

const CONTROL = /\p{Cc}/u;
/** Why a string stands in no address, be it a path's or a query's, or undefined: those are one line. */
export const addressFault = (text: string): string | undefined =>
  storageFault(text) ?? (CONTROL.test(text) ? 'contains a control character' : undefined);

/** Every string in it that the schema let pass and PostgreSQL would not. Bodies are 32 levels deep at most. */
function faultsIn(value: unknown, prefix: string, faultOf: typeof storageFault): FieldFault[] {
  if (typeof value === 'string') {
    const detail = faultOf(value);
    return detail === undefined ? [] : [{ pointer: prefix, detail }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = pointer(prefix, [key]);
    return [...faultsIn(key, at, faultOf), ...faultsIn(inner, at, faultOf)];
  });
}

const QUERY = '/query';

/** Parses or refuses with 422; `prefix` tells the body (``) and `/query` apart. */
export function shaped<S extends z.ZodType>(schema: S, value: unknown, prefix: '' | typeof QUERY): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw validationProblem(parsed.error.issues.flatMap((issue) => faultsOf(issue, prefix)));
  const faults = faultsIn(value, prefix, prefix === QUERY ? addressFault : storageFault);
  if (faults.length > 0) throw validationProblem(faults);
  return parsed.data;
}

export const validationProblem = (faults: FieldFault[]) =>
  problem(422, 'validation', undefined, { errors: faults.slice(0, MAX_FAULTS) });
