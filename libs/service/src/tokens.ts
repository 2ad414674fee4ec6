import type { Settings } from '@parley/contracts/settings';

/** Injection tokens of what every service has. */
export const SERVICE_NAME = Symbol('SERVICE_NAME');
export const SERVICE_LOG = Symbol('SERVICE_LOG');
export const SETTINGS = Symbol('SETTINGS');

export type ServiceName = 'inbox' | 'admin' | 'stats' | 'notifications' | 'worker';
export type ServiceSettings = Settings;

/** What pino has and we use. */
export interface ServiceLog {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}
