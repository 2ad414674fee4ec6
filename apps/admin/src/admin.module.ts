import { Module, type DynamicModule, type InjectionToken } from '@nestjs/common';
import type { Settings } from '@parley/contracts/settings';
import { mayCall, ACCESS, type Verb } from '@parley/domain/access';
import { Access } from '@parley/identity/access';
import { IdentityModule } from '@parley/identity/identity.module';
import { AuditOutbox } from '@parley/persistence/audit-outbox';
import { IdempotencyPort } from '@parley/service/idempotency';
import { RefusalAudit } from '@parley/service/refusal-audit';
import type { ServiceLog } from '@parley/service/tokens';
import { ConversationClient } from '@parley/temporal/client';
import { Upkeep } from './admin.upkeep.js';
import { openParts, type AdminParts } from './admin.parts.js';
import { AuditController } from './audit/audit.controller.js';
import { Audit } from './audit/audit.js';
import { AgentRoom } from './commands/agent-room.js';
import { CommandsController } from './commands/commands.controller.js';
import { CommentStore } from './commands/comment.store.js';
import { SupervisorCommands } from './commands/supervisor-commands.js';
import { CONFIGURATION_CONTROLLERS } from './configuration/configuration.controllers.js';
import { ConfigurationEditor } from './configuration/configuration.editor.js';
import { ConfigurationStore } from './configuration/configuration.store.js';
import { Policies, PolicyController } from './configuration/policy.controller.js';
import { ConversationController } from './conversation/conversation.controller.js';
import { ConversationReader } from './conversation/conversation.reader.js';
import { LiveActivityController } from './live-activity/live-activity.controller.js';
import { LiveActivityFeed } from './live-activity/live-activity.feed.js';
import { LiveActivity } from './live-activity/live-activity.js';
import { ADMIN_PARTS, DATABASE, VAULT } from './parts.js';

/** `conversations/stream` before `conversations/:conversationId`: the first that fits answers. */
const ADMIN_CONTROLLERS = [
  LiveActivityController,
  ConversationController,
  CommandsController,
  AuditController,
  PolicyController,
  ...CONFIGURATION_CONTROLLERS,
];

const isVerb = (verb: string): verb is Verb => Object.hasOwn(ACCESS, verb);

/** Domain's table, as the guard asks it; a verb that nobody knows is nobody's. */
class DomainAccess extends Access {
  override mayCall(...[roles, scopes, verb]: Parameters<Access['mayCall']>): boolean {
    return isVerb(verb) && mayCall(roles, scopes, verb);
  }
}

const part = <T>(provide: InjectionToken, take: (parts: AdminParts) => T) => ({
  provide,
  useFactory: take,
  inject: [ADMIN_PARTS],
});

@Module({})
export class AdminModule {
  static of(settings: Settings, log: ServiceLog): DynamicModule {
    const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = settings;
    return {
      module: AdminModule,
      imports: [IdentityModule.register({ issuer, audience, access: new DomainAccess() })],
      controllers: ADMIN_CONTROLLERS,
      providers: [
        { provide: ADMIN_PARTS, useFactory: () => openParts(settings, log) },
        part(DATABASE, ({ database }) => database),
        part(VAULT, ({ vault }) => vault),
        part(ConversationClient, ({ temporal }) => temporal),
        part(IdempotencyPort, ({ idempotency }) => idempotency),
        part(AuditOutbox, ({ database }) => new AuditOutbox(database, settings.PUBLIC_URL)),
        { provide: RefusalAudit, useExisting: AuditOutbox },
        ...[Audit, ConfigurationStore, ConfigurationEditor, Policies],
        ...[LiveActivity, LiveActivityFeed, ConversationReader, CommentStore, AgentRoom, SupervisorCommands, Upkeep],
      ],
      exports: [IdempotencyPort, RefusalAudit],
      global: true,
    };
  }
}
