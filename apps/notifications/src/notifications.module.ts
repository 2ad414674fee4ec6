import { Module } from '@nestjs/common';

/** Health, metrics and an OpenAPI document without routes: the service has its place, its work comes later. */
@Module({})
export class NotificationsModule {}
