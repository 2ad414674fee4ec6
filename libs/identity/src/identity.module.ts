import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD, ModulesContainer } from '@nestjs/core';
import { Access } from './access.js';
import { AuthenticationGuard, VERIFIER } from './authentication.guard.js';
import { assertEveryRouteHasVerb } from './declared-verbs.js';
import { LiveIdentity } from './live-identity.js';
import { createVerifier, type VerifierOptions } from './verifier.js';

/** Guards every route of the service it is imported into, and keeps it from starting with a route that declares no verb. */
@Module({})
export class IdentityModule implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {}

  onModuleInit(): void {
    assertEveryRouteHasVerb(this.modules);
  }

  static register(options: VerifierOptions & { access: Access }): DynamicModule {
    return {
      module: IdentityModule,
      global: true,
      providers: [
        { provide: VERIFIER, useValue: createVerifier(options) },
        { provide: Access, useValue: options.access },
        LiveIdentity,
        { provide: APP_GUARD, useClass: AuthenticationGuard },
      ],
      exports: [VERIFIER, Access, LiveIdentity],
    };
  }
}
