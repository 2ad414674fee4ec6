/**
 * The rules that this run began with. An incompatible change of `decide` or `evolve` adds its name here, and asks for it
 * by number: `facts.rulesVersion >= 2`. Read once, in the first line of a workflow; `patched()` anywhere else may corrupt
 * replay without any error. A run that continues begins with the newest rules.
 */
import { patched } from '@temporalio/workflow';

const CHANGES: readonly string[] = [];

export function ruleset(): number {
  let version = 1;
  for (const change of CHANGES) {
    if (!patched(change)) return version;
    version += 1;
  }
  return version;
}
