/** Injection tokens of the parts underneath; each is made once, in `admin.parts.ts`. */
export const ADMIN_PARTS = Symbol('ADMIN_PARTS');
export const DATABASE = Symbol('DATABASE');
export const VAULT = Symbol('VAULT');

/** Configuration changed; payload: the tenant. Heard on every replica once the transaction commits. */
export const CONFIGURATION_CHANGED = 'configuration';
