import { z } from 'zod';
import { tagFault } from './tag.js';

/** RFC 3339 in UTC with milliseconds: `2026-11-21T10:00:00.000Z`. Strings of this one form compare as instants do. */
export const Instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .refine((text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text, 'is no such instant');
export type Instant = z.infer<typeof Instant>;

const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
/** PostgreSQL has no year 0, and four digits end with 9999: looked at in UTC, for an offset can leave either end. */
const isInRange = (text: string): boolean => Date.parse(text) >= FIRST_MS && Date.parse(text) <= LAST_MS;

/** An instant as people send it: any RFC 3339 offset, the years 1 to 9999 in UTC; normalised to {@link Instant}. */
export const AnyInstant = z.iso
  .datetime({ offset: true, abort: true })
  .refine(isInRange, 'is not in the years 0001 to 9999 (UTC)')
  .transform((text) => new Date(text).toISOString());

/** Our own and foreign ids: visible, URL-safe, at most 200 bytes. */
export const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,199}$/);
/** Ids of things a tenant configures (accounts, campaigns, groups, categories): short slugs. */
export const Slug = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u);
export const ConversationId = z.string().regex(/^[A-Za-z0-9_-]{1,80}$/);
export const ThreadId = z.string().regex(/^th_[A-Za-z0-9_-]{22}$/);

export const MAX_TEXT_CODE_POINTS = 4000;
/**
 * A sign that can be seen, so neither a blank, a control, a mark without its letter nor a filler (U+3164, U+2800 and
 * U+1D159 are letters and symbols by name only). Pictographs count before this Node knows them: new emoji reach us first.
 */
const SEEN = /(?![\p{Default_Ignorable_Code_Point}\u2800\u{1D159}])(?:[^\p{Z}\p{C}\p{M}]|\p{Extended_Pictographic})/u;

/** Why no string of ours can be so, or undefined. PostgreSQL refuses NUL; a lone surrogate is no Unicode text. */
export function storageFault(text: string): string | undefined {
  if (text.includes('\u0000')) return 'contains NUL';
  return text.isWellFormed() ? undefined : 'contains an unpaired surrogate';
}

/** Why a text is none that a person can have written and another can read, or undefined. */
export function textFault(text: string): string | undefined {
  const fault = storageFault(text);
  if (fault !== undefined) return fault;
  if (!SEEN.test(text)) return 'is empty';
  if ([...text].length > MAX_TEXT_CODE_POINTS) return `is longer than ${MAX_TEXT_CODE_POINTS} code points`;
  return undefined;
}

/** What a person writes: messages, notes, comments. */
export const Text = z
  .string()
  .superRefine((text, context) => {
    const fault = textFault(text);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  })
  .meta({ minLength: 1, description: `At most ${MAX_TEXT_CODE_POINTS} code points, not blank, no NUL.` });

/** {@link tagFault} */
export const TagName = z
  .string()
  .superRefine((name, context) => {
    const fault = tagFault(name);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  })
  .meta({ minLength: 1, maxLength: 64 });

/** A tag as it stands in events: {@link tagSlug} of its name, which may hold any sign. */
export const TagSlug = z.string().min(1).max(200);

export const Count = z.int().min(0);
