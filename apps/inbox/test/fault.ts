import { ProblemError } from '@parley/service/problem';

/** What it gives, or the field that it refuses and why. */
export function orFault<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const [{ pointer = '', detail = '' } = {}] = error.extras.errors ?? [];
    return `${pointer} ${detail}`;
  }
}
