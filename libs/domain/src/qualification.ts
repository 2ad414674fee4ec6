import type { CommandOf } from '@parley/contracts/command';
import type { Conversation } from '@parley/contracts/state';
import type { Faults } from './decision.js';
import type { Draft } from './draft.js';

/** B4, D6: tags, and a category with its sub-category. */
export interface Qualification {
  tags: string[];
  category: string | null;
  subcategory: string | null;
}
type Given = Pick<CommandOf<'qualify'>, 'tags' | 'category' | 'subcategory' | 'subcategoryOf'>;

/** What the conversation is about once the command is through: what it leaves out stays; a sub-category goes with its category. */
export function qualificationAfter(state: Conversation, given: Given): Qualification {
  const category = given.category ?? state.category;
  const subcategory = category === state.category ? state.subcategory : null;
  return {
    tags: given.tags === undefined ? state.tags : [...new Set(given.tags)],
    category,
    subcategory: given.subcategory ?? subcategory,
  };
}

/** The event `qualified`, unless all stays as it was. */
export function qualified(state: Conversation, after: Qualification): Draft[] {
  const isSame =
    after.category === state.category &&
    after.subcategory === state.subcategory &&
    after.tags.join() === state.tags.join();
  return isSame ? [] : [{ type: 'conversation.qualified', ...after }];
}

/** D6: a sub-category belongs to one category. Where nobody looked up whose it is, only its lack of any is seen. */
export function qualificationFaults(given: Given, after: Qualification, isCategoryRequired: boolean): Faults {
  const belongsElsewhere = given.subcategoryOf !== undefined && given.subcategoryOf !== after.category;
  return {
    CATEGORY_REQUIRED: isCategoryRequired && after.category === null,
    SUBCATEGORY_MISMATCH: given.subcategory !== undefined && (after.category === null || belongsElsewhere),
  };
}
