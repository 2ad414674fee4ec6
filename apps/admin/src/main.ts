import { isUnavailable } from '@parley/persistence/unavailable';
import { runService } from '@parley/service/run-service';
import { AdminModule } from './admin.module.js';
import { openParts } from './admin.parts.js';

await runService({
  name: 'admin',
  module: async (settings, log) => AdminModule.of(await openParts(settings, log)),
  isUnavailable,
});
