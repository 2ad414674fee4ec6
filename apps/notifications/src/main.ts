import { runService } from '@parley/service/run-service';
import { NotificationsModule } from './notifications.module.js';

await runService({ name: 'notifications', module: () => NotificationsModule });
