import { isUnavailable } from '@parley/persistence/unavailable';
import { runService } from '@parley/service/run-service';
import { InboxModule } from './inbox.module.js';

await runService({ name: 'inbox', module: (settings, log) => InboxModule.of(settings, log), isUnavailable });
