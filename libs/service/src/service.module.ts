import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Settings } from '@parley/contracts/settings';
import { CommandEndpoint } from './command-endpoint.js';
import { createCursors, CURSORS } from './cursor.js';
import { Health } from './health.js';
import { Metrics } from './metrics.js';
import { Shutdown } from './shutdown.js';
import { Streams } from './sse.js';
import { SERVICE_LOG, SERVICE_NAME, SETTINGS, type ServiceLog } from './tokens.js';

/** What every room of a service may inject: SETTINGS, SERVICE_LOG, SERVICE_NAME, CURSORS, Health, Metrics, Shutdown, Streams, CommandEndpoint. */
@Global()
@Module({})
export class ServiceModule {
  static of(name: string, settings: Settings, log: ServiceLog): DynamicModule {
    const shutdown = new Shutdown(log);
    const values = [
      { provide: SERVICE_NAME, useValue: name },
      { provide: SERVICE_LOG, useValue: log },
      { provide: SETTINGS, useValue: settings },
      { provide: CURSORS, useValue: createCursors(settings.PARLEY_SECRET, settings.PARLEY_SECRET_PREVIOUS) },
      { provide: Shutdown, useValue: shutdown },
      { provide: Health, useValue: new Health(shutdown) },
      { provide: Metrics, useValue: new Metrics(name) },
      { provide: Streams, useValue: new Streams(shutdown) },
    ];
    return {
      module: ServiceModule,
      providers: [...values, CommandEndpoint],
      exports: [...values.map(({ provide }) => provide), CommandEndpoint],
    };
  }
}
