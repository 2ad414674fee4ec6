import { runService } from '@parley/service/run-service';
import { StatsModule } from './stats.module.js';

await runService({ name: 'stats', module: () => StatsModule });
