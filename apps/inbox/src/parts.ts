/** Injection tokens of the parts underneath; each is made once, in `inbox.module.ts`. */
export const DATABASE = Symbol('DATABASE');
export const VAULT = Symbol('VAULT');
export const PUBLISHER = Symbol('PUBLISHER');
export const KAFKA_GATE = Symbol('KAFKA_GATE');
export const IDEMPOTENCY = Symbol('IDEMPOTENCY');

/** What replicas tell each other through the database once a transaction commits. */
export const HEARD = {
  /** A thread has a message that waits for its conversation. */
  thread: 'thread',
  /** A message got its place, was refused or withdrawn; payload: its id. */
  message: 'message',
  /** There is a message that Kafka has not. */
  unpublished: 'unpublished',
  /** A message waits to leave by a `deliveryUrl`. */
  delivery: 'delivery',
  /** Something moved on a desk and has no position yet; payload: tenant. */
  deskFresh: 'desk_fresh',
  /** Something moved on a desk; payload: tenant. */
  desk: 'desk',
  /** Somebody waits, or there is room: payload: tenant. */
  router: 'router',
  /** An agent came or went; payload: tenant. */
  presence: 'presence',
  /** Configuration was folded; payload: tenant. */
  configuration: 'configuration',
} as const;

/** Rows are read as they are, not managed: nothing is written but what is written on purpose. */
export const FRESH = { disableIdentityMap: true } as const satisfies object;
