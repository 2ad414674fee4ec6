import { type DynamicModule, Module } from '@nestjs/common';
import type { Settings } from '@parley/contracts/settings';
import type { ServiceLog } from '@parley/service/tokens';
import { ActivityWorker } from './activities/activity-worker.js';
import { InboxActivityList } from './activities/inbox.activities.js';
import { Archive } from './archive/archive.store.js';
import { PausedLeases } from './capacity/paused-leases.js';
import { ChannelMessagesController } from './channel-messages/channel-messages.controller.js';
import { ChannelMessages } from './channel-messages/channel-messages.js';
import { Contacts } from './channel-messages/contacts.js';
import { SourceKeys } from './channel-messages/identifiers.js';
import { ChannelAccounts } from './configuration/channel-accounts.js';
import { ConfigurationFold } from './configuration/configuration.fold.js';
import { ConfigurationStore } from './configuration/configuration.store.js';
import { EpisodeStarts } from './configuration/episode-starts.js';
import { Claims } from './dispatch/claims.js';
import { DispatchMetrics } from './dispatch/dispatch.metrics.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { HandOver } from './dispatch/hand-over.js';
import { Intake } from './dispatch/intake.js';
import { MessagePublisher } from './dispatch/message-publisher.js';
import { MessageWaiters } from './dispatch/message-waiters.js';
import { Placing } from './dispatch/placing.js';
import { ForeignMessages } from './foreign-messages/foreign-messages.js';
import { FoldMetrics } from './lifecycle/fold.metrics.js';
import { LifecycleProjector } from './lifecycle/lifecycle.projector.js';
import { LogConsumer } from './lifecycle/log-consumer.js';
import { PartsModule } from './parts.module.js';
import { Seed } from './seed/seed.js';

/** One list of everything: a feature's folder says what it is about, this says that it is there. */
@Module({})
export class InboxModule {
  static of(settings: Settings, log: ServiceLog): DynamicModule {
    return {
      module: InboxModule,
      imports: [PartsModule.of(settings, log)],
      controllers: [ChannelMessagesController],
      providers: [
        ...[Contacts, SourceKeys, ChannelMessages, Intake, MessageWaiters],
        ...[ConfigurationStore, ConfigurationFold, ChannelAccounts, EpisodeStarts, Seed],
        ...[Claims, HandOver, Placing, Dispatcher, DispatchMetrics, MessagePublisher, PausedLeases],
        ...[Archive, ForeignMessages, InboxActivityList, ActivityWorker],
        ...[FoldMetrics, LifecycleProjector, LogConsumer],
      ],
    };
  }
}
