/** Hand-written guards: no schema library enters the bundle (TS#2227). Each answers yes or no and never throws. */
export type Guard<T> = (value: unknown) => value is T;
type Guards = Readonly<Record<string, Guard<unknown>>>;
type Of<G> = G extends Guard<infer T> ? T : never;
type Entry<R extends Guards, O extends Guards> = { [K in keyof R]: Of<R[K]> } & { [K in keyof O]?: Of<O[K]> };

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A foreign id has 200 at most; its thread's stands before it. */
const MAX_ID_CHARS = 256;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const CONTROL = /\p{Cc}/u;

export const isText = (value: unknown): value is string => typeof value === 'string';

/** An id of whoever's: not empty, at most 256 characters, visible. */
export const isId = (value: unknown): value is string =>
  isText(value) && value !== '' && value.length <= MAX_ID_CHARS && !CONTROL.test(value);

/** The one form of instants, and one that exists. */
export function isInstant(value: unknown): value is string {
  if (!isText(value) || !INSTANT.test(value)) return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}

export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
export const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
export const isCount = (value: unknown): value is number => isInteger(value) && value >= 0;
export const isPositive = (value: unknown): value is number => isInteger(value) && value >= 1;

export const nullable =
  <T>(guard: Guard<T>): Guard<T | null> =>
  (value): value is T | null =>
    value === null || guard(value);

export const oneOf =
  <const T extends string>(...names: readonly T[]): Guard<T> =>
  (value): value is T =>
    names.some((name) => name === value);

export const either =
  <A, B>(a: Guard<A>, b: Guard<B>): Guard<A | B> =>
  (value): value is A | B =>
    a(value) || b(value);

export const listOf =
  <T>(guard: Guard<T>, atMost: number): Guard<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.length <= atMost && value.every((entry) => guard(entry));

/** Fields that it does not know it lets pass: a newer deployment may already send them. */
export const shape =
  <R extends Guards, O extends Guards>(required: R, optional: O): Guard<Entry<R, O>> =>
  (value): value is Entry<R, O> =>
    isRecord(value) &&
    Object.entries(required).every(([name, guard]) => Object.hasOwn(value, name) && guard(value[name])) &&
    Object.entries(optional).every(([name, guard]) => !Object.hasOwn(value, name) || guard(value[name]));

/** Nothing but these fields: what a foreign system sends may hide no text. */
export const exactly =
  <R extends Guards, O extends Guards>(required: R, optional: O): Guard<Entry<R, O>> =>
  (value): value is Entry<R, O> =>
    shape(required, optional)(value) &&
    Object.keys(value).every((name) => Object.hasOwn(required, name) || Object.hasOwn(optional, name));
