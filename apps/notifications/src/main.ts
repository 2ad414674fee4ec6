import { Module } from '@nestjs/common';
import { runService } from '@parley/service/run-service';

/** Health, metrics and an OpenAPI document without routes: the service has its place, its work comes later. */
@Module({})
class NotificationsModule {}

await runService({ name: 'notifications', module: () => NotificationsModule });
