/** Set by the payload converter on what a valid HMAC of our own services vouches for; JSON from outside cannot carry it. */
export const SIGNED = Symbol.for('parley.signed');

export const isSigned = (value: unknown): boolean => typeof value === 'object' && value !== null && SIGNED in value;

/** What the total converter makes of bytes that nobody can read: a value, never a throw. */
export interface Undecodable {
  undecodable: string;
}
export const isUndecodable = (value: unknown): value is Undecodable =>
  typeof value === 'object' && value !== null && 'undecodable' in value && UNDECODABLE in value;
export const UNDECODABLE = Symbol.for('parley.undecodable');
