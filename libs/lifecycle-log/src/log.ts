export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where a library writes: a service hands in its own logger. Never message text, never a secret. */
export type Log = (level: LogLevel, message: string, details?: Record<string, unknown>) => void;

/** For whoever hands in none: what somebody must see, as one JSON line each. */
export const warningsOnly: Log = (level, message, details) => {
  if (level === 'warn' || level === 'error') console.warn(JSON.stringify({ level, message, ...details }));
};

const QUIET_MS = 30_000;
const REMEMBERED = 200;

/** Says the same thing once in 30 s: an outage is one line, not hundreds. */
export function calm(log: Log): Log {
  const said = new Map<string, number>();
  return (level, message, details) => {
    const now = Date.now();
    if (now - (said.get(message) ?? 0) < QUIET_MS) return;
    if (said.size >= REMEMBERED) said.clear();
    said.set(message, now);
    log(level, message, details);
  };
}
