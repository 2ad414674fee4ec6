import type { CommandOf, Lease } from '@parley/contracts/command';
import { validationProblem } from '@parley/service/shape';
import type { Snapshot } from '../configuration/snapshot.js';

type Chosen = Pick<CommandOf<'cancel'>, 'category' | 'subcategory'>;

/**
 * D6: a category and a sub-category as the tenant administers them. Unknown or archived is a wrong field (422); a
 * sub-category that belongs elsewhere is said so, and the conversation refuses it in its turn.
 */
export function categoryFields(
  { category, subcategory }: Chosen,
  known: Snapshot,
): Pick<CommandOf<'cancel'>, 'category' | 'subcategory' | 'subcategoryOf'> {
  if (category !== undefined && known.category(category)?.archived !== false) throw notOffered('/category');
  if (subcategory === undefined) return { category };
  const found = known.subcategory(category ?? '', subcategory);
  if (found?.archived) throw notOffered('/subcategory');
  return { category, subcategory, subcategoryOf: found?.category ?? null };
}

const notOffered = (pointer: string) => validationProblem([{ pointer, detail: 'is not one of yours, or is archived' }]);

/**
 * Who shall have it: a member of its group, or of another group of its campaign, which then becomes its group. Anybody
 * else cannot take it (contract.md: outside the group).
 */
export function targetFields(
  to: string,
  place: { group: string; campaign: string } | undefined,
  known: Snapshot,
): { to: string; group?: string; lease?: Lease } {
  if (place === undefined || known.isMember(to, place.group)) return { to };
  const group = known.campaign(place.campaign)?.groups.find((each) => known.isMember(to, each));
  return group === undefined ? { to, lease: { refused: 'TARGET_UNAVAILABLE' } } : { to, group };
}
