/** A tag's name and its identity. No schema library here: this file stands in the workflow bundle, too. */

const MAX_CHARS = 64;
const MAX_DIGITS = 5;
const E_MAIL_ADDRESS = /[^\s@]+@[^\s@]+\.[^\s@]+/;
const BIDI_OR_CONTROL = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;
/** Zalgo: more than 8 marks on one base, also with invisible characters between them. */
const TOO_MANY_MARKS = /[\p{M}\p{Cf}]{9}/u;
/** What makes a name one: a letter, a digit or a symbol (`😀`, `€`) that can be seen. */
const SIGN = /(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}\p{S}]/u;

/**
 * Why a text is no tag's name, or undefined (B4: 1–64 characters, no e-mail address, fewer than 6 digits, for tags travel
 * in events and no person may hide in one). Looked at as NFKC, so that `＠` and `①` hide nothing either.
 */
export function tagFault(name: string): string | undefined {
  if (!name.isWellFormed()) return 'contains an unpaired surrogate';
  const plain = name.normalize('NFKC');
  if (isLong(name) || isLong(plain)) return `is longer than ${MAX_CHARS} characters`;
  if (BIDI_OR_CONTROL.test(plain)) return 'contains a control character';
  if (TOO_MANY_MARKS.test(plain.normalize('NFD'))) return 'stacks more than 8 marks on one letter';
  if (E_MAIL_ADDRESS.test(plain)) return 'contains an e-mail address';
  if ((plain.match(/\p{Nd}/gu) ?? []).length > MAX_DIGITS) return 'contains six digits or more';
  return SIGN.test(plain) ? undefined : 'has no letter, digit or symbol';
}

const isLong = (text: string): boolean => [...text].length > MAX_CHARS;

/** Soft hyphens, zero-width spaces and direction marks change nothing that is seen; joiners do (emoji, Persian, Indic). */
const UNSEEN = /[\u00AD\u061C\u200B\u200E\u200F\u2060\uFEFF]/g;

/**
 * The form in which a tag stands in events and in paths; two names with one slug are one tag: equal after NFKC and case
 * folding (by upper, then lower case: `straße` is `STRASSE`; lower case first, for `ẞ` has no other upper one). Marks, signs and punctuation tell tags apart (`C`, `C++`, `C#`);
 * only blanks and slashes, which would not survive in a path, become `-`.
 */
export const tagSlug = (name: string): string =>
  name
    .replace(UNSEEN, '')
    .normalize('NFKC')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .trim()
    .replace(/[\s/]+/g, '-');
