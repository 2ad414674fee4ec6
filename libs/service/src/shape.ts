import type { z } from 'zod';
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

/** Parses or refuses with 422; `prefix` tells the body (``) and `/query` apart. */
export function shaped<S extends z.ZodType>(schema: S, value: unknown, prefix: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw validationProblem(parsed.error.issues.flatMap((issue) => faultsOf(issue, prefix)));
}

export const validationProblem = (faults: FieldFault[]) =>
  problem(422, 'validation', undefined, { errors: faults.slice(0, MAX_FAULTS) });
