import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TOPICS } from '@parley/contracts/envelope';
import type { Settings } from '@parley/contracts/settings';
import { mayCall, ACCESS, type Verb } from '@parley/domain/access';
import { Access } from '@parley/identity/access';
import { IdentityModule } from '@parley/identity/identity.module';
import { createKafkaGate, type KafkaGate } from '@parley/lifecycle-log/kafka-gate';
import { createPublisher, type Publisher } from '@parley/lifecycle-log/publisher';
import { AuditOutbox } from '@parley/persistence/audit-outbox';
import { type Database, openDatabase } from '@parley/persistence/database';
import { createIdempotencyStore } from '@parley/persistence/idempotency-store';
import { startOutbox } from '@parley/persistence/outbox';
import { openVault } from '@parley/persistence/vault';
import { Health } from '@parley/service/health';
import { IdempotencyPort } from '@parley/service/idempotency';
import { Metrics } from '@parley/service/metrics';
import { RefusalAudit } from '@parley/service/refusal-audit';
import { Shutdown } from '@parley/service/shutdown';
import type { ServiceLog } from '@parley/service/tokens';
import { ConversationClient, createConversationClient } from '@parley/temporal/client';
import { ENTITIES } from './migrations/entities.js';
import { MIGRATIONS } from './migrations/migrations.js';
import { kafkaLog } from './lifecycle/kafka-log.js';
import { DATABASE, IDEMPOTENCY, KAFKA_GATE, PUBLISHER, VAULT } from './parts.js';

const SERVICE = 'inbox';
const POOL_MAX = 20;

class InboxAccess extends Access {
  override mayCall(...[roles, scopes, verb]: Parameters<Access['mayCall']>): boolean {
    return isVerb(verb) && mayCall(roles, scopes, verb);
  }
}
const isVerb = (verb: string): verb is Verb => Object.hasOwn(ACCESS, verb);

/** What stands underneath: made in this order, ended in the opposite one. */
@Global()
@Module({})
export class PartsModule {
  static async of(settings: Settings, log: ServiceLog): Promise<DynamicModule> {
    const { DATABASE_URL: url, PARLEY_SECRET: secret, KAFKA_BROKERS: brokers } = settings;
    const logTo = kafkaLog(log);
    const database = await openDatabase({
      url,
      secret,
      service: SERVICE,
      entities: ENTITIES,
      migrations: MIGRATIONS,
      poolMax: POOL_MAX,
      log: logTo,
    });
    const vault = await openVault({ url, secret, log: logTo });
    const kafka = { brokers, clientId: 'parley-inbox', log: logTo };
    const gate = createKafkaGate({ ...kafka, topics: [TOPICS.messages, TOPICS.configuration] });
    const publisher = createPublisher({ ...kafka, gate });
    const temporal = createConversationClient({
      address: settings.TEMPORAL_ADDRESS,
      namespace: settings.TEMPORAL_NAMESPACE,
      secret,
      previousSecrets: settings.PARLEY_SECRET_PREVIOUS ?? [],
    });
    const idempotency = createIdempotencyStore(database, { secret });
    const ended = {
      provide: Ending,
      useFactory: ending({ database, vault, gate, publisher, temporal }),
      inject: [Shutdown, Health, Metrics],
    };
    const values = [
      { provide: DATABASE, useValue: database },
      { provide: VAULT, useValue: vault },
      { provide: KAFKA_GATE, useValue: gate },
      { provide: PUBLISHER, useValue: publisher },
      { provide: ConversationClient, useValue: temporal },
      { provide: IDEMPOTENCY, useValue: idempotency },
      { provide: IdempotencyPort, useValue: idempotency },
      { provide: AuditOutbox, useValue: new AuditOutbox(database, settings.PUBLIC_URL) },
    ];
    const identity = IdentityModule.register({
      issuer: settings.OIDC_ISSUER,
      audience: settings.OIDC_AUDIENCE,
      access: new InboxAccess(),
    });
    return {
      module: PartsModule,
      imports: [identity],
      providers: [...values, ended, { provide: RefusalAudit, useExisting: AuditOutbox }],
      exports: [...values.map(({ provide }) => provide), RefusalAudit, identity],
    };
  }
}

interface Parts {
  database: Database;
  vault: { close(): Promise<void> };
  gate: KafkaGate;
  publisher: Publisher;
  temporal: ConversationClient;
}

class Ending {}

const ending =
  ({ database, vault, gate, publisher, temporal }: Parts) =>
  (shutdown: Shutdown, health: Health, metrics: Metrics): Ending => {
    temporal.onUpdate(metrics.observeUpdate);
    const outbox = startOutbox(database, (topic, records) => publisher.publish(topic, records), { gate });
    shutdown.on('producers', async () => {
      await outbox.stop();
      await gate.stop();
      await publisher.stop();
      await temporal.close();
    });
    shutdown.on('database', async () => {
      await vault.close();
      await database.close();
    });
    health.add({ name: 'database', vital: true, check: async () => database.ping().then(() => true) });
    health.add({ name: 'temporal', check: async () => temporal.isReachable(500) });
    health.add({ name: 'kafka', check: async () => gate.isUp() });
    return new Ending();
  };
