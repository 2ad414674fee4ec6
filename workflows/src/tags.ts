/**
 * The rule of `TagName` and `tagSlug` in @parley/contracts/primitives, whose file brings a schema library along and may
 * not enter the bundle; a test holds the two together.
 */
const E_MAIL_ADDRESS = /[^\s@]+@[^\s@]+\.[^\s@]+/;
const CONTROL_OR_BIDI = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;
const MAX_CHARS = 64;
const MAX_DIGITS = 5;

export const isTagName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.isWellFormed() &&
  [...value].length <= MAX_CHARS &&
  !CONTROL_OR_BIDI.test(value) &&
  !E_MAIL_ADDRESS.test(value) &&
  (value.match(/\p{Nd}/gu) ?? []).length <= MAX_DIGITS &&
  tagSlug(value) !== '';

export const tagSlug = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
