import { runService } from '@parley/service/run-service';
import { WorkerModule } from './worker.module.js';

await runService({ name: 'worker', module: (settings, log) => WorkerModule.of(settings, log) });
