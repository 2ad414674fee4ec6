/** SQLSTATE classes and codes that say: not now. Connection, insufficient resources (a full disk), operator intervention, I/O. */
const CLASSES = ['08', '53', '57', '58'];
/** A statement that breaks the protocol (a NUL in a text) is our bug, and trying again would not help. */
const PROTOCOL_VIOLATION = '08P01';
const CODES = new Set([
  '25006', // read-only: the old primary after a failover
  '25P03', // idle in transaction for too long
  '25P04', // transaction timeout
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock timeout
]);
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** pg says these without any code. */
const MESSAGES = [
  /^Connection terminated/,
  /^timeout exceeded when trying to connect/,
  /^Client has encountered a connection error/,
  /^Client was closed and is not queryable/,
  /^The database does not answer/,
  /^Query read timeout/,
];

function saysSo(error: object): boolean {
  if ('code' in error && typeof error.code === 'string') {
    const { code } = error;
    if (NETWORK.has(code) || CODES.has(code)) return true;
    if (code === PROTOCOL_VIOLATION) return false;
    if (/^[0-9A-Z]{5}$/.test(code) && CLASSES.includes(code.slice(0, 2))) return true;
  }
  if (!('message' in error) || typeof error.message !== 'string') return false;
  const { message } = error;
  return MESSAGES.some((known) => known.test(message));
}

/** The database is away, restarting, full or too slow: answer 503, retry for ever, never count it as a bug. */
export function isUnavailable(error: unknown): boolean {
  for (let [at, depth]: [unknown, number] = [error, 0]; depth < 5; depth += 1) {
    if (typeof at !== 'object' || at === null) return false;
    if (saysSo(at)) return true;
    at = 'cause' in at ? at.cause : 'previous' in at ? at.previous : undefined;
  }
  return false;
}
