import { Module } from '@nestjs/common';
import { runService } from '@parley/service/run-service';

/** Health, metrics and an OpenAPI document without routes: the service has its place, its work comes later. */
@Module({})
class StatsModule {}

await runService({ name: 'stats', module: () => StatsModule });
