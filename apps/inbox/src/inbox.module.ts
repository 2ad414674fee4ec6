import { type DynamicModule, Module } from '@nestjs/common';
import type { Settings } from '@parley/contracts/settings';
import type { ServiceLog } from '@parley/service/tokens';
import { ActivityWorker } from './activities/activity-worker.js';
import { InboxActivityList } from './activities/inbox.activities.js';
import { AgentMessagesController } from './agent-messages/agent-messages.controller.js';
import { AgentMessages } from './agent-messages/agent-messages.js';
import { Archive } from './archive/archive.store.js';
import { LeaseSettler } from './capacity/lease-settler.js';
import { Leases } from './capacity/leases.js';
import { PausedLeases } from './capacity/paused-leases.js';
import { ChannelMessagesController } from './channel-messages/channel-messages.controller.js';
import { ChannelMessages } from './channel-messages/channel-messages.js';
import { Contacts } from './channel-messages/contacts.js';
import { HooksController } from './channel-messages/hooks.controller.js';
import { Hooks } from './channel-messages/hooks.js';
import { SourceKeys } from './channel-messages/identifiers.js';
import { Aftermath } from './commands/aftermath.js';
import { AgentCommandsController } from './commands/agent-commands.controller.js';
import { AgentCommands } from './commands/agent-commands.js';
import { Commands } from './commands/commands.js';
import { Conversations } from './commands/conversations.js';
import { LeasedCommands } from './commands/leased-commands.js';
import { Shown } from './commands/shown.js';
import { ChannelAccountEditor } from './configuration/channel-account-editor.js';
import { ChannelAccountsController } from './configuration/channel-accounts.controller.js';
import { ChannelAccounts } from './configuration/channel-accounts.js';
import { ConfigurationFold } from './configuration/configuration.fold.js';
import { ConfigurationStore } from './configuration/configuration.store.js';
import { EpisodeStarts } from './configuration/episode-starts.js';
import { SpotTags } from './configuration/spot-tags.js';
import { Deliveries } from './deliveries/deliveries.js';
import { DeskController } from './desk/desk.controller.js';
import { DeskFeed } from './desk/desk.feed.js';
import { DeskSequence } from './desk/desk-sequence.js';
import { Desk } from './desk/desk.js';
import { Claims } from './dispatch/claims.js';
import { DispatchMetrics } from './dispatch/dispatch.metrics.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { HandOver } from './dispatch/hand-over.js';
import { Intake } from './dispatch/intake.js';
import { MessagePublisher } from './dispatch/message-publisher.js';
import { MessageWaiters } from './dispatch/message-waiters.js';
import { Placing } from './dispatch/placing.js';
import { ForeignMessages } from './foreign-messages/foreign-messages.js';
import { Comments } from './history/comments.js';
import { HistoryController } from './history/history.controller.js';
import { History } from './history/history.js';
import { NotesStore } from './history/notes.store.js';
import { FoldMetrics } from './lifecycle/fold.metrics.js';
import { LifecycleProjector } from './lifecycle/lifecycle.projector.js';
import { LogConsumer } from './lifecycle/log-consumer.js';
import { PartsModule } from './parts.module.js';
import { PresenceController } from './presence/presence.controller.js';
import { OnlineAgents } from './presence/online-agents.js';
import { Presence } from './presence/presence.js';
import { Router } from './routing/router.js';
import { WaitingList } from './routing/waiting-list.js';
import { Seed } from './seed/seed.js';
import { Turns } from './turns.js';
import { Upkeep } from './upkeep/upkeep.js';

/** One list of everything: a feature's folder says what it is about, this says that it is there. */
@Module({})
export class InboxModule {
  static of(settings: Settings, log: ServiceLog): DynamicModule {
    return {
      module: InboxModule,
      imports: [PartsModule.of(settings, log)],
      controllers: [
        ...[ChannelMessagesController, HooksController, AgentMessagesController, AgentCommandsController],
        ...[HistoryController, DeskController, PresenceController, ChannelAccountsController],
      ],
      providers: [
        ...[Contacts, SourceKeys, ChannelMessages, Intake, MessageWaiters],
        ...[ConfigurationStore, ConfigurationFold, ChannelAccounts, EpisodeStarts, Seed],
        ...[Claims, HandOver, Placing, Dispatcher, DispatchMetrics, MessagePublisher, PausedLeases],
        ...[Archive, ForeignMessages, InboxActivityList, ActivityWorker],
        ...[FoldMetrics, LifecycleProjector, LogConsumer],
        ...[Conversations, Commands, Shown, LeasedCommands, AgentCommands, Aftermath, AgentMessages],
        ...[Leases, LeaseSettler, Presence, OnlineAgents, Router, WaitingList, Turns],
        ...[Deliveries, Hooks, ChannelAccountEditor, SpotTags],
        ...[History, NotesStore, Comments, Desk, DeskFeed, DeskSequence, Upkeep],
      ],
    };
  }
}
