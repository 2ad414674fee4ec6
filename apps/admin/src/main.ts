import { isUnavailable } from '@parley/persistence/unavailable';
import { runService } from '@parley/service/run-service';
import { AdminModule } from './admin.module.js';

await runService({ name: 'admin', module: (settings, log) => AdminModule.of(settings, log), isUnavailable });
