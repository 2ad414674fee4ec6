import { z } from 'zod';

/** RFC 3339 in UTC with milliseconds: `2026-11-21T10:00:00.000Z`. Strings of this one form compare as instants do. */
export const Instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .refine((text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text, 'is no such instant');
export type Instant = z.infer<typeof Instant>;

/** An instant as people send it: any RFC 3339 offset; normalised to {@link Instant}. */
export const AnyInstant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** Our own and foreign ids: visible, URL-safe, at most 200 bytes. */
export const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,199}$/);
/** Ids of things a tenant configures (accounts, campaigns, groups, categories): short slugs. */
export const Slug = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u);
export const ConversationId = z.string().regex(/^[A-Za-z0-9_-]{1,80}$/);
export const ThreadId = z.string().regex(/^th_[A-Za-z0-9_-]{22}$/);

export const MAX_TEXT_CODE_POINTS = 4000;
const NOTHING_TO_SEE = /^[\s\p{Cf}\p{Zs}]*$/u;

/** Why a text cannot be stored, or undefined. PostgreSQL refuses NUL; a lone surrogate is no Unicode text. */
export function textFault(text: string): string | undefined {
  if (text.includes('\u0000')) return 'contains NUL';
  if (!text.isWellFormed()) return 'contains an unpaired surrogate';
  if (NOTHING_TO_SEE.test(text)) return 'is empty';
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

const E_MAIL_ADDRESS = /[^\s@]+@[^\s@]+\.[^\s@]+/;
const BIDI_OR_CONTROL = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;

/** A tag's name: 1–64 characters, no e-mail address, fewer than 6 digits (B4; tags travel in events, so no person may hide in one). */
export const TagName = z
  .string()
  .superRefine((name, context) => {
    const fault = textFault(name) ?? tagFault(name);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  })
  .meta({ minLength: 1, maxLength: 64 });

function tagFault(name: string): string | undefined {
  if ([...name].length > 64) return 'is longer than 64 characters';
  if (BIDI_OR_CONTROL.test(name)) return 'contains a control character';
  if (E_MAIL_ADDRESS.test(name)) return 'contains an e-mail address';
  if ((name.match(/\p{Nd}/gu) ?? []).length >= 6) return 'contains six digits or more';
  return tagSlug(name) === '' ? 'has neither letters nor digits' : undefined;
}

/** The form in which a tag stands in events; two names with one slug are one tag (NFKC and case folding). */
export const tagSlug = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');

export const Count = z.int().min(0);
