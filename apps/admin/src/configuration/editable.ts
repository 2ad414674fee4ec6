import { z } from 'zod';
import type { EditableKind } from '@parley/contracts/admin-http';
import {
  CategoryPath,
  ConfigurationPath,
  CREATE,
  REPLACE,
  SubcategoryPath,
  VERSIONED,
  VERSIONED_PAGE,
} from '@parley/contracts/admin-http';
import { CONFIGURATION } from '@parley/contracts/configuration';
import { tagSlug } from '@parley/contracts/tag';
import { subcategoryKey, type Snapshot } from './snapshot.js';

/** What people write by hand, kind by kind: where it lies, what it takes, and what must be there already. */
export interface Editable {
  readonly kind: EditableKind;
  /** Below `/admin/v1`; `:category` where it belongs to one. */
  readonly path: string;
  readonly named: string;
  readonly paths: { readonly all: z.ZodObject; readonly one: z.ZodObject };
  readonly create: z.ZodObject;
  readonly replace: z.ZodObject;
  readonly answer: z.ZodType;
  readonly page: z.ZodType;
  /** Events go on naming it, so DELETE archives it; what no event names is withdrawn. */
  readonly archives: boolean;
}

const editable = (kind: EditableKind, path: string, named: string, archives: boolean): Editable => ({
  kind,
  path,
  named,
  paths:
    kind === 'subcategory'
      ? { all: CategoryPath, one: SubcategoryPath }
      : { all: z.strictObject({}), one: ConfigurationPath },
  create: CREATE[kind],
  replace: REPLACE[kind],
  answer: VERSIONED[kind],
  page: VERSIONED_PAGE[kind],
  archives,
});

export const EDITABLE: Record<EditableKind, Editable> = {
  category: editable('category', 'categories', 'closing category', true),
  subcategory: editable('subcategory', 'categories/:category/subcategories', 'sub-category', true),
  tag: editable('tag', 'tags', 'tag', true),
  campaign: editable('campaign', 'campaigns', 'campaign', false),
  group: editable('group', 'groups', 'group', false),
  person: editable('person', 'people', 'person', false),
};

export type Fields = Readonly<Record<string, unknown>>;

/** The key of a value in the log and in our table. */
export const keyOf = (kind: EditableKind, path: Fields, id: string): string =>
  kind === 'subcategory' ? subcategoryKey(String(path['category']), id) : id;

/** The id a new one gets: its own, or its name as a slug. A tag's is always the slug that stands in events. */
export function idOf(kind: EditableKind, body: Fields): string {
  const { id, name } = body;
  if (kind === 'tag') return tagSlug(String(name));
  return typeof id === 'string' ? id : madeOf(String(name));
}

const madeOf = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');

const DEFAULTS: Record<EditableKind, Fields> = {
  category: { archived: false },
  subcategory: { archived: false },
  tag: { archived: false, category: null },
  campaign: { policy: null, paidPerConversation: false },
  group: { members: [] },
  person: {},
};

/** The value as every service folds it; undefined: the id is none. What the body leaves out is as at the beginning. */
export function valueOf(kind: EditableKind, path: Fields, id: string, body: Fields): object | undefined {
  const belonging = kind === 'subcategory' ? { category: path['category'] } : {};
  const parsed = CONFIGURATION[kind].safeParse({ ...DEFAULTS[kind], ...body, ...belonging, id });
  return parsed.success ? parsed.data : undefined;
}

export interface Missing {
  readonly pointer: string;
  readonly detail: string;
}

/** What the value names and nobody has configured. */
export function missingFor(kind: EditableKind, value: object, known: Snapshot): Missing[] {
  const fields: Fields = { ...value };
  const each = (field: string, of: 'group' | 'person'): Missing[] => {
    const ids = fields[field];
    if (!Array.isArray(ids)) return [];
    return ids.flatMap((id, index) =>
      known.knows(of, String(id)) ? [] : [{ pointer: `/${field}/${index}`, detail: 'is not configured' }],
    );
  };
  switch (kind) {
    case 'campaign':
      return [...policyIn(fields, known), ...each('groups', 'group')];
    case 'group':
      return each('members', 'person');
    case 'tag':
    case 'category':
    case 'subcategory':
    case 'person':
      return [];
  }
}

const policyIn = ({ policy }: Fields, known: Snapshot): Missing[] =>
  typeof policy === 'string' && !known.knows('policy', policy)
    ? [{ pointer: '/policy', detail: 'is not configured' }]
    : [];
