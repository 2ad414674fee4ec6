import type { Caller } from '@parley/contracts/actor';
import { tagSlug } from '@parley/contracts/tag';
import type { Policy } from '@parley/contracts/policy';
import { mayCall } from '@parley/domain/access';
import { validationProblem } from '@parley/service/shape';
import type { Snapshot } from './snapshot.js';

export interface Qualification {
  tags?: string[] | undefined;
  category?: string | undefined;
  subcategory?: string | undefined;
}

/** As a command says it: slugs, and whether the sub-category belongs to the category. */
export interface Qualified {
  fields: { tags?: string[]; category?: string; subcategory?: string; subcategoryOf?: string | null };
  /** Tags that nobody knew yet, as they were typed (B4). */
  newTags: { id: string; name: string }[];
}

/** Names become slugs; an unknown tag is made on the spot by who may, else it is a wrong field. */
export function qualified(said: Qualification, known: Snapshot, policy: Policy, caller: Caller): Qualified {
  const { tags, category, subcategory } = said;
  const named = bySlug(tags);
  const [first] = unknownOf(named, known);
  if (first && !mayCreateTags(caller, policy))
    throw wrong(`/tags/${(tags ?? []).indexOf(first[1])}`, 'is not one of your tags');
  if (category !== undefined && known.category(category)?.archived !== false)
    throw wrong('/category', 'is not one of yours, or is archived');
  const found = subcategory === undefined ? undefined : known.subcategory(subcategory, category);
  if (found?.archived) throw wrong('/subcategory', 'is archived');
  return {
    fields: {
      ...(tags && { tags: [...named.keys()] }),
      ...(category !== undefined && { category }),
      ...(subcategory !== undefined && { subcategory, subcategoryOf: found?.category ?? null }),
    },
    newTags: newTagsOf(tags, known, policy, caller),
  };
}

/** Of what was typed, what nobody knew and this caller may make. */
export function newTagsOf(
  tags: string[] | undefined,
  known: Snapshot,
  policy: Policy,
  caller: Caller,
): Qualified['newTags'] {
  if (!mayCreateTags(caller, policy)) return [];
  return unknownOf(bySlug(tags), known).map(([id, name]) => ({ id, name: name.normalize('NFC') }));
}

const bySlug = (tags: string[] = []) => new Map(tags.map((name) => [tagSlug(name), name]));
const unknownOf = (named: Map<string, string>, known: Snapshot) => [...named].filter(([slug]) => !known.knowsTag(slug));

/** reliability.md, section 5: supervisors always, agents where policy lets them, machines never. */
const mayCreateTags = ({ role, scopes }: Caller, policy: Policy): boolean =>
  mayCall([role], scopes, 'tag.create') && (role !== 'agent' || policy.tagsCreatable);

const wrong = (pointer: string, detail: string) => validationProblem([{ pointer, detail }]);
