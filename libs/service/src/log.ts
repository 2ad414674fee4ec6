import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import { currentContext } from './request-context.js';
import type { ServiceLog } from './tokens.js';

/** Never in a log: what people said, who they are, what opens doors. At the top and one level down. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'access_token',
  'text',
  'note',
  'comment',
  'email',
  'displayName',
  'phone',
  'to',
  'body',
  'payload',
];
const redacted = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

export function createLog(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redacted, censor: '[redacted]' },
    serializers: { err: errorOf },
    mixin: () => ({ traceId: currentContext()?.traceId }),
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Name, message and stack; not the fields that drivers hang on their errors, for those hold values of rows. */
function errorOf(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  return { type: error.name, message: error.message, stack: error.stack, ...causeOf(error) };
}
const causeOf = (error: Error): object => (error.cause === undefined ? {} : { cause: errorOf(error.cause) });

/** Nest's own voice; its start-up chatter is debug. */
export const nestLogger = (log: ServiceLog): LoggerService => ({
  log: (message: unknown) => log.debug({}, String(message)),
  verbose: (message: unknown) => log.trace({}, String(message)),
  debug: (message: unknown) => log.trace({}, String(message)),
  warn: (message: unknown) => log.warn({}, String(message)),
  error: (message: unknown, stack?: unknown) =>
    log.error({ stack: typeof stack === 'string' ? stack : undefined }, String(message)),
  fatal: (message: unknown) => log.fatal({}, String(message)),
});
