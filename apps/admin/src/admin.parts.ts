import type { Settings } from '@parley/contracts/settings';
import { TOPICS } from '@parley/contracts/envelope';
import { createKafkaGate, type KafkaGate } from '@parley/lifecycle-log/kafka-gate';
import type { Log } from '@parley/lifecycle-log/log';
import { createPublisher, type Publisher } from '@parley/lifecycle-log/publisher';
import { openDatabase, type Database } from '@parley/persistence/database';
import { createIdempotencyStore, type IdempotencyStore } from '@parley/persistence/idempotency-store';
import { openVault, type Vault } from '@parley/persistence/vault';
import type { ServiceLog } from '@parley/service/tokens';
import { createConversationClient, type ConversationClient } from '@parley/temporal/client';
import { AuditRow } from './audit/audit.entity.js';
import { ConfigurationRow, PolicyVersionRow } from './configuration/configuration.entity.js';
import { ConversationRow, EventRow, MessageEventRow } from './lifecycle/conversation.entity.js';
import { MIGRATIONS } from './migrations/tables.js';

/** What admin stands on; opened before Nest, closed after it. */
export interface AdminParts {
  readonly settings: Settings;
  readonly log: ServiceLog;
  readonly database: Database;
  readonly vault: Vault;
  readonly idempotency: IdempotencyStore;
  readonly temporal: ConversationClient;
  readonly gate: KafkaGate;
  readonly publisher: Publisher;
}

export const ENTITIES = [ConversationRow, EventRow, MessageEventRow, AuditRow, ConfigurationRow, PolicyVersionRow];
const WRITTEN = [TOPICS.state, TOPICS.audit, TOPICS.configuration];

/** The libraries' way to log, into the service's own. */
export const logOf =
  (log: ServiceLog): Log =>
  (level, message, details = {}) =>
    log[level](details, message);

export async function openParts(settings: Settings, log: ServiceLog): Promise<AdminParts> {
  const { DATABASE_URL: url, PARLEY_SECRET: secret, KAFKA_BROKERS: brokers } = settings;
  const library = logOf(log);
  const database = await openDatabase({
    url,
    secret,
    service: 'admin',
    entities: ENTITIES,
    migrations: MIGRATIONS,
    log: library,
  });
  const vault = await openVault({ url, secret, log: library });
  const gate = createKafkaGate({ brokers, clientId: 'admin-gate', topics: WRITTEN, log: library });
  return {
    settings,
    log,
    database,
    vault,
    idempotency: createIdempotencyStore(database, { secret }),
    temporal: createConversationClient({
      address: settings.TEMPORAL_ADDRESS,
      namespace: settings.TEMPORAL_NAMESPACE,
      secret,
      ...(settings.PARLEY_SECRET_PREVIOUS && { previousSecrets: settings.PARLEY_SECRET_PREVIOUS }),
    }),
    gate,
    publisher: createPublisher({ brokers, clientId: 'admin', gate, log: library }),
  };
}
