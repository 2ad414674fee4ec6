export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where a library writes: a service hands in its own logger. Never message text, never a secret. */
export type Log = (level: LogLevel, message: string, details?: Record<string, unknown>) => void;

/** For whoever hands in none: what somebody must see, as one JSON line each. */
export const warningsOnly: Log = (level, message, details) => {
  if (level === 'warn' || level === 'error') console.warn(JSON.stringify({ level, message, ...details }));
};
