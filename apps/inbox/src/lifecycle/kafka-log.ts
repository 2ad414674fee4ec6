import type { Log } from '@parley/lifecycle-log/log';
import type { ServiceLog } from '@parley/service/tokens';

export const kafkaLog =
  (log: ServiceLog): Log =>
  (level, message, details = {}) =>
    log[level](details, message);
